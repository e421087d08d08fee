import { pbft } from "@destiny/core/agreement/pbft/pbft";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest } from "@destiny/core/kernel/ids";
import { MessageKind, type Vote } from "@destiny/core/wire/messages";
import type { PbftNewView } from "@destiny/core/wire/pbft";
import { Reader } from "@destiny/core/wire/reader";
import { expect, test } from "vitest";
import { runAgreementCampaign } from "./agreement-campaign.ts";
import type { AgreementCluster } from "./agreement-cluster.ts";

// The invariants of pbft.md 13 that can be seen from outside, over all that correct replicas ever sent.

/** Who sent which votes of a kind: by view, slot and digest. */
function votesOf(cluster: AgreementCluster, kind: MessageKind): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  for (const { from, message } of cluster.sent) {
    if (message.kind !== kind) continue;
    const { view, seq, digest } = message as Vote;
    const key = JSON.stringify([view, seq, digest]);
    found.set(key, (found.get(key) ?? new Set<number>()).add(from));
  }
  return found;
}

function read(key: string): readonly [view: number, seq: number, digest: Digest] {
  return JSON.parse(key) as [number, number, Digest];
}

/** A correct replica votes for one digest in a view and slot, also across restarts. */
function expectSingleVotes(cluster: AgreementCluster, kind: MessageKind): void {
  const cast = new Map<string, Digest>();
  for (const [key, senders] of votesOf(cluster, kind)) {
    const [view, seq, digest] = read(key);
    for (const sender of senders) {
      const place = JSON.stringify([sender, view, seq]);
      expect(cast.get(place) ?? digest, `replica ${sender}, view ${view}, slot ${seq}`).toBe(digest);
      cast.set(place, digest);
    }
  }
}

/** What a quorum has sent Commit for is in every NewView of a higher view, or covered by its checkpoint. */
function expectKept(cluster: AgreementCluster, quorum: number): number {
  const newViews = cluster.sent
    .filter(({ message }) => message.kind === MessageKind.PbftNewView)
    .map(({ message }) => message as PbftNewView);
  for (const [key, senders] of votesOf(cluster, MessageKind.PbftCommit)) {
    if (senders.size < quorum) continue;
    const [view, seq, digest] = read(key);
    for (const newView of newViews) {
      const covered = newView.anchor === null ? 0 : new Reader(newView.anchor.part).u48();
      if (newView.view <= view || covered >= seq) continue;
      const selected = newView.selections.find((selection) => selection.seq === seq)?.digest;
      expect(selected, `slot ${seq}, committed in view ${view}, in view ${newView.view}`).toBe(digest);
    }
  }
  return newViews.length;
}

const SEEDS = 6;
const cases = ([4, 5, 7] as const).flatMap((n) =>
  (["mac", "signature"] as const).map((how) => [n, how] as const),
);

test.each(cases)(
  "n = %i, %s: random losses, crashes and view changes break no invariant, and end",
  (n, how) => {
    const faults = FaultModel.byzantine(n);
    let newViews = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { cluster, progress } = runAgreementCampaign(pbft({ authentication: how }), faults, seed);
      expect(cluster.conflicts, `seed ${seed}`).toEqual([]);
      expect(progress, `seed ${seed}`).toBe(true);
      expect(cluster.world.reports, `seed ${seed}`).toEqual([]);
      expectSingleVotes(cluster, MessageKind.PbftPrepare);
      expectSingleVotes(cluster, MessageKind.PbftCommit);
      newViews += expectKept(cluster, faults.quorum);
      for (const replica of cluster.replicas) {
        const { low, decided, known } = cluster.agreement(replica);
        expect(low <= decided && decided <= known, `seed ${seed}`).toBe(true);
      }
    }
    expect(newViews).toBeGreaterThan(SEEDS);
  },
);
