// What a machine allows that a crowd of connections runs into. `null` is "not known here" (other systems than Linux).

export interface Limits {
  /** File descriptors a process may have: the hard limit, to which Node raises itself. */
  readonly openFiles: number | null;
  /** From these the kernel chooses an outgoing connection's port; each is used once per source address and server port. */
  readonly outgoingPorts: { readonly first: number; readonly last: number } | null;
  /** Whether every address of 127.0.0.0/8 can be a source, as on Linux. */
  readonly hasManySources: boolean;
  /** Whether a port is free again a second after its connection, not a minute. */
  readonly reusesPorts: boolean | null;
  /** Connections that may wait for a server's `accept`. */
  readonly listenBacklog: number | null;
  /** Connections the firewall keeps track of, those of loopback included; `null` where it does not, too. */
  readonly trackedConnections: number | null;
  readonly cores: number;
  readonly memoryAvailableBytes: number;
}
