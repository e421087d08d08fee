import { expect, test } from "vitest";
import { runCampaign } from "./campaign.ts";

const SEEDS = Number(process.env["CAMPAIGN_SEEDS"] ?? 60);
const FIRST = Number(process.env["CAMPAIGN_FIRST"] ?? 0);

test.each([3, 5])(
  "whatever gets lost and whoever crashes, %i replicas execute everything, the same",
  (n) => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
      const run = `n = ${n}, seed = ${seed}`;
      const { cluster, submitted, answered } = runCampaign("destiny", n, seed);

      expect(answered, `${run}: every command is answered`).toBe(true);
      const [first] = cluster.replicas.map((replica) => cluster.executed(replica));
      expect([...(first ?? [])].sort(), `${run}: everything once`).toEqual([...submitted].sort());
      for (const replica of cluster.replicas) {
        expect(cluster.executed(replica), `${run}: replica ${replica} like replica 0`).toEqual(first);
        const { checkpoint } = cluster.replica(replica).status();
        expect(checkpoint, `${run}: state of replica ${replica}`).toEqual(
          cluster.replica(0).status().checkpoint,
        );
      }
    }
  },
  120_000,
);
