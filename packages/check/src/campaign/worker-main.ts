import { playSeed, subjectOf } from "./subject.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

// A process of a campaign: plays one seed after the other.
process.on("message", ({ seed, ...named }: ToWorker) => {
  const startedAt = performance.now();
  const { finding, tally, traceHash } = playSeed(subjectOf(named), seed);
  const { counts, faults } = tally;
  const millis = performance.now() - startedAt;
  const result: FromWorker = { seed, finding, counts, faults, traceHash, millis };
  process.send?.(result);
});
process.on("disconnect", () => process.exit());
