import { findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import { playSeed } from "./subject.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

// A process of a campaign: plays one seed after the other.
process.on("message", ({ protocol, n, seed }: ToWorker) => {
  const subject = { protocol: present(findProtocol(protocol), "a protocol of this name"), n };
  const startedAt = performance.now();
  const { finding, tally, traceHash } = playSeed(subject, seed);
  const { counts, faults } = tally;
  const millis = performance.now() - startedAt;
  const result: FromWorker = { seed, finding, counts, faults, traceHash, millis };
  process.send?.(result);
});
process.on("disconnect", () => process.exit());
