// How a load balancer picks a node for a connection or a request; what contenders, nginx.conf and theory call it.

/** By the client's network, by a cookie of the balancer's own, in turn, or the one with the fewest open connections. */
export const balancings = ['ip-hash', 'cookie', 'round-robin', 'least-conn'] as const;
export type Balancing = (typeof balancings)[number];
