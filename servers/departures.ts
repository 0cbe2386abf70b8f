// A drain's pace: clients are told to leave one after the other, evenly over a time, so that they do not all come back at once elsewhere.

/** Finer than a client can tell. */
const stepMs = 20;

/** Tells all clients within `overMs`, in their order; all at once where it is 0. */
export function tellInTurn<Client>(clients: Iterable<Client>, overMs: number, tell: (client: Client) => void): void {
  const all = [...clients];
  const steps = Math.max(1, Math.ceil(overMs / stepMs));
  let told = 0;
  const tellDue = (step: number) => {
    for (const due = Math.ceil((all.length * step) / steps); told < due; told++) tell(all[told] as Client);
  };
  tellDue(1);
  let step = 1;
  const timer = setInterval(() => {
    tellDue(++step);
    if (step >= steps) clearInterval(timer);
  }, stepMs);
  if (steps === 1) clearInterval(timer);
}
