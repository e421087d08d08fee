import { sbft } from "@destiny/core/agreement/sbft/sbft";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest } from "@destiny/core/kernel/ids";
import { type Certificate, MessageKind } from "@destiny/core/wire/messages";
import type { PbftNewView } from "@destiny/core/wire/pbft";
import { Reader } from "@destiny/core/wire/reader";
import type { SbftShare } from "@destiny/core/wire/sbft";
import { expect, test } from "vitest";
import { runAgreementCampaign } from "./agreement-campaign.ts";
import type { AgreementCluster } from "./agreement-cluster.ts";

// The invariants of sbft.md 11 that can be seen from outside, over all that correct replicas ever sent.

const PROOFS: readonly MessageKind[] = [MessageKind.SbftFast, MessageKind.SbftSlow];
const CERTIFICATES: readonly MessageKind[] = [...PROOFS, MessageKind.SbftPrepare];

/** A correct replica votes for one digest in a view and slot, also across restarts. */
function expectSingleVotes(cluster: AgreementCluster): void {
  const cast = new Map<string, Digest>();
  for (const { from, message } of cluster.sent) {
    if (message.kind !== MessageKind.SbftShare) continue;
    const { view, seq, digest } = message as SbftShare;
    const place = JSON.stringify([from, view, seq]);
    expect(cast.get(place) ?? digest, place).toBe(digest);
    cast.set(place, digest);
  }
}

/** Whatever is certified in one view of a slot, by whichever scheme, is one digest. */
function expectSingleCertificates(cluster: AgreementCluster): void {
  const certified = new Map<string, Digest>();
  for (const { message } of cluster.sent) {
    if (!CERTIFICATES.includes(message.kind)) continue;
    const { view, seq, digest } = message as Certificate;
    const place = JSON.stringify([view, seq]);
    expect(certified.get(place) ?? digest, place).toBe(digest);
    certified.set(place, digest);
  }
}

/** What is proven to be decided is in every NewView of a higher view, or covered by its checkpoint. */
function expectKept(cluster: AgreementCluster): number {
  const of = <T>(kinds: readonly MessageKind[]): T[] =>
    cluster.sent.filter(({ message }) => kinds.includes(message.kind)).map(({ message }) => message as T);
  const newViews = of<PbftNewView>([MessageKind.PbftNewView]);
  for (const { view, seq, digest } of of<Certificate>(PROOFS)) {
    for (const newView of newViews) {
      const covered = newView.anchor === null ? 0 : new Reader(newView.anchor.part).u48();
      if (newView.view <= view || covered >= seq) continue;
      const selected = newView.selections.find((selection) => selection.seq === seq)?.digest;
      expect(selected, `slot ${seq}, decided in view ${view}, in view ${newView.view}`).toBe(digest);
    }
  }
  return newViews.length;
}

const SEEDS = 6;

test.each([
  [4, 0],
  [5, 0],
  [6, 1],
  [7, 0],
  [8, 2],
] as const)("n = %i, c = %i: random losses, crashes and view changes break no invariant, and end", (n, c) => {
  const faults = FaultModel.byzantine(n, c);
  let newViews = 0;
  const seen = new Set<MessageKind>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { cluster, progress } = runAgreementCampaign(sbft, faults, seed);
    expect(cluster.conflicts, `seed ${seed}`).toEqual([]);
    expect(progress, `seed ${seed}`).toBe(true);
    expect(cluster.world.reports, `seed ${seed}`).toEqual([]);
    expectSingleVotes(cluster);
    expectSingleCertificates(cluster);
    newViews += expectKept(cluster);
    for (const { message } of cluster.sent) seen.add(message.kind);
    for (const replica of cluster.replicas) {
      const { low, decided, known } = cluster.agreement(replica);
      expect(low <= decided && decided <= known, `seed ${seed}`).toBe(true);
    }
  }
  expect(newViews).toBeGreaterThan(SEEDS);
  expect(PROOFS.every((kind) => seen.has(kind))).toBe(true);
});
