// The servers' one clock seam: microseconds of the machine's monotonic clock, the same clock the harness reads.

/** Microseconds of CLOCK_MONOTONIC, comparable between processes of one machine. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
