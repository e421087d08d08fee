/** Waits until a condition holds; rejects with what was last found instead, after `timeoutMillis`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMillis = 20_000,
): Promise<void> {
  const giveUp = performance.now() + timeoutMillis;
  let last: unknown = "it does not hold";
  while (performance.now() < giveUp) {
    try {
      if (await condition()) return;
    } catch (error) {
      last = error;
    }
    await pause(50);
  }
  throw new Error(`not within ${timeoutMillis} ms: ${what}`, { cause: last });
}

export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
