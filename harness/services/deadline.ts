// Waiting: for something but not for ever, and for everything though one part has failed.

/** What `promise` resolves to, or `null` when that takes longer than `timeoutMs`. The promise itself goes on. */
export async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, null);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Like `Promise.all`, but when one fails the others are waited for before that is told: what is still being started
 * or written then would outlive the run's end, which removes what is there.
 */
export async function settleAll<Values extends readonly unknown[]>(
  promises: readonly [...Values],
): Promise<{ -readonly [Index in keyof Values]: Awaited<Values[Index]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
