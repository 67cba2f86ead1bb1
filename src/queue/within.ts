/** Waits for a promise, but not for longer than `ms`. @returns whether it ended in time; how it ended is not told. */
export async function endsWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const ended = promise.then(
    () => true,
    () => true,
  );
  const isInTime = await Promise.race([ended, expired]);
  clearTimeout(timer);
  return isInTime;
}
