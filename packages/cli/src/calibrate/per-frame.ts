/** Micros of this process's processors that each of `count` frames takes. */
export async function perFrame(count: number, run: () => Promise<void>): Promise<number> {
  const begun = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / count;
}
