import { hybster } from "@destiny/core/agreement/hybster/hybster";
import { linearHybster } from "@destiny/core/agreement/linear-hybster/linear-hybster";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import { expect, test } from "vitest";
import { runAgreementCampaign } from "./agreement-campaign.ts";

const RUNS = 12;

test.each([
  [linearHybster, 3],
  [linearHybster, 4],
  [linearHybster, 5],
  [hybster, 3],
  [hybster, 4],
  [hybster, 5],
] as const)("$0.name, n = $1: whatever is suspected, lost and crashed, one value a slot", (protocol, n) => {
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const { cluster, progress } = runAgreementCampaign(protocol, FaultModel.hybrid(n), seed);
    expect(cluster.conflicts, `seed ${seed}`).toEqual([]);
    expect(progress, `seed ${seed}: all was healed`).toBe(true);
    // A collector whose checkpoint is old refuses shares: nobody's fault.
    const reasons = cluster.world.reports.map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason !== Misbehaviour.OutsideWatermarks)).toEqual([]);
  }
});
