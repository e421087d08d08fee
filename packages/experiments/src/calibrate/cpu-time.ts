/** Least time that a measurement runs, in micros of the processor. */
const SPAN = 300_000;

/**
 * Micros of the processor that one of `count` things takes, all threads together; not of the clock, so that others who use the
 * machine disturb less. `run` does them all; it is called often enough for the result to mean something.
 */
export async function cpuMicros(count: number, run: () => unknown): Promise<number> {
  await run();
  const begun = process.cpuUsage();
  let rounds = 0;
  let spent = 0;
  while (spent < SPAN) {
    await run();
    rounds += 1;
    const { user, system } = process.cpuUsage(begun);
    spent = user + system;
  }
  return spent / rounds / count;
}
