import { expect, test } from "vitest";
import { runCampaign } from "./campaign.ts";

/** More of them: `CAMPAIGN_SEEDS=5000 npx vitest run campaign`; a failing one alone: with `CAMPAIGN_FIRST`. */
const SEEDS = Number(process.env["CAMPAIGN_SEEDS"] ?? 60);
const FIRST = Number(process.env["CAMPAIGN_FIRST"] ?? 0);

test.each([
  ["destiny", 3],
  ["destiny", 5],
  ["single-linear-hybster", 3],
])(
  "whatever gets lost and whoever crashes, all execute everything, the same: %s, n = %i",
  (protocol, n) => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
      const run = `${protocol}, n = ${n}, seed = ${seed}`;
      const { cluster, submitted, answered } = runCampaign(protocol, n, seed);

      expect(answered, `${run}: every command is answered`).toBe(true);
      const first = cluster.executed(0);
      expect([...first].sort(), `${run}: everything once`).toEqual([...submitted].sort());
      for (const replica of cluster.replicas) {
        expect(cluster.executed(replica), `${run}: replica ${replica} like replica 0`).toEqual(first);
        const { checkpoint } = cluster.replica(replica).status();
        expect(checkpoint, `${run}: state of replica ${replica}`).toEqual(
          cluster.replica(0).status().checkpoint,
        );
      }
    }
  },
  600_000,
);
