// What the saboteurs do, in numbers: they and the tests that must find it out read it here.

/** Versions that this divides reach nobody. */
export const withheldEvery = 3;
/** Reaches one client twice. */
export const twiceVersion = 13;
/** Reaches one client after its successor. */
export const lateVersion = 16;
/** One way. */
export const distanceUs = 100_000;
/** CPU time that a server burns. */
export const burntMsPerSecond = 20;
/** How long after a change's intended time the slow shards see nothing. */
export const busyUs = 150_000;
/** Clients beyond this many are refused. */
export const admittedClients = 3;
