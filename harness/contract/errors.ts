// The errors a person sees: one line that says what happened, what was expected and what to do; the kind decides the exit code.

/** Why a command ends without its result, and the exit code that says so (0 is success, 130 and 143 are signals, 70 is a bug of ours). */
export const exitCodes = {
  /** A threshold or a regression gate failed. */
  gate: 1,
  /** The input was wrong; nothing was started. */
  input: 2,
  /** The environment lacks something, or broke during the run. */
  environment: 3,
  /** The run was made, but its figures cannot be trusted. */
  invalid: 4,
  /** A bug of Freshet itself. */
  bug: 70,
} as const;

export type ErrorKind = keyof typeof exitCodes;

/** An ending that was foreseen. `problems` holds one line for each thing that is wrong, so that all are told at once. */
export class FreshetError extends Error {
  readonly kind: ErrorKind;
  readonly problems: readonly string[];

  constructor(kind: ErrorKind, problems: string | readonly string[], options?: ErrorOptions) {
    const lines = typeof problems === 'string' ? [problems] : problems;
    super(lines.join('\n'), options);
    this.name = 'FreshetError';
    this.kind = kind;
    this.problems = lines;
  }
}

/** The same error, but as one of the environment when it is the operating system's: no room, no right, too many of something. */
export function systemFailure(thrown: unknown): unknown {
  const isSystems = thrown instanceof Error && 'errno' in thrown && 'syscall' in thrown && 'code' in thrown;
  if (!isSystems) return thrown;
  const advice = adviceByCode[String(thrown.code)] ?? 'expected the system to allow it';
  return new FreshetError('environment', `${thrown.message}; ${advice}`, { cause: thrown });
}

const room =
  'expected room on the disk; make some, or set TMPDIR (for services) or --out (for results) to where there is';
const descriptors = 'expected more file descriptors; raise ulimit -n, or use fewer clients';
const processes = 'expected room for another process; raise ulimit -u, or end others';

const adviceByCode: Readonly<Record<string, string>> = {
  ENOSPC: room,
  EDQUOT: room,
  EFBIG: room,
  EROFS: room,
  EMFILE: descriptors,
  ENFILE: descriptors,
  EAGAIN: processes,
  ENOMEM: processes,
};

/** The message of anything that was thrown, without its stack. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') return thrown.errors.map(messageOf).join('; ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}
