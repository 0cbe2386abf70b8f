// What went wrong on a disk → one line that says what it is, and where to write instead.
import { FreshetError, messageOf } from '../contract/errors.ts';

/** Runs `act`, which writes to `path`. Throws `environment` when the file system refuses. */
export async function wrapDiskErrors<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new FreshetError(
      'environment',
      `cannot write to ${path}: ${describe(error.code) ?? `${messageOf(error)}; expected a directory with room in it`}; choose another with --out`,
    );
  }
}

function describe(code: unknown): string | null {
  if (code === 'EEXIST') return 'it is a file; expected a directory';
  if (code === 'ENOTDIR') return 'a part of this path is a file; expected a directory';
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'not permitted; expected a directory of yours';
  return null;
}
