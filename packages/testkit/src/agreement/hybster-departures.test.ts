import { hybster } from "@destiny/core/agreement/hybster/hybster";
import { linearHybster } from "@destiny/core/agreement/linear-hybster/linear-hybster";
import {
  type Base,
  baseOf,
  FIRST_BASE,
  follows,
  isValidViewChange,
  type Law,
} from "@destiny/core/agreement/shared/trusted/validity";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { View } from "@destiny/core/kernel/ids";
import type { Message } from "@destiny/core/wire/messages";
import { Reader } from "@destiny/core/wire/reader";
import { NewView, ViewChange } from "@destiny/core/wire/view-change";
import { expect, test } from "vitest";
import { CAMPAIGN_WINDOW, runAgreementCampaign } from "./agreement-campaign.ts";
import type { AgreementCluster } from "./agreement-cluster.ts";

const SEEDS = 8;

const LAW: Law = {
  window: CAMPAIGN_WINDOW,
  lowOf: ({ part }) => new Reader(part).u48(),
  probation: (count) => 2 * count,
  oldestBase: () => 0,
  noop: "a correct replica leaves no hole",
};

/** All different messages of a kind that anybody sent, lost or not, those of low views first. */
function allOf<T extends Message>(cluster: AgreementCluster, isOne: (message: Message) => message is T): T[] {
  return [...new Set(cluster.sent.map(({ message }) => message).filter(isOne))];
}

/** Every NewView, recomputed from what it rests on. */
function basesOf(cluster: AgreementCluster): ReadonlyMap<View, Base> {
  const bases = new Map<View, Base>([[0, FIRST_BASE]]);
  const newViews = allOf(cluster, (message) => message instanceof NewView).sort((a, b) => a.view - b.view);
  for (const newView of newViews) {
    const known = bases.get(newView.view)?.newView;
    // One NewView of a view.
    expect(known?.digest ?? newView.digest).toBe(newView.digest);
    if (newView.viewChanges.some(({ base }) => !bases.has(base))) continue;
    for (const each of newView.viewChanges) {
      const base = bases.get(each.base) ?? FIRST_BASE;
      expect(isValidViewChange(LAW, each, base), `view ${newView.view}, from ${each.sender}`).toBe(true);
    }
    expect(follows(LAW, newView, bases), `NewView of ${newView.view}`).toBe(true);
    bases.set(newView.view, baseOf(LAW, newView));
  }
  return bases;
}

test.each([
  [linearHybster.name, 3, linearHybster],
  [linearHybster.name, 4, linearHybster],
  [linearHybster.name, 5, linearHybster],
  [hybster.name, 3, hybster],
  [hybster.name, 4, hybster],
  [hybster.name, 5, hybster],
] as const)(
  "hybster.md 12, %s, n = %i: what a correct replica leaves with is valid, whenever it leaves",
  (_name, n, protocol) => {
    let judged = 0;
    let later = 0;
    let long = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { cluster } = runAgreementCampaign(protocol, FaultModel.hybrid(n), seed);
      const bases = basesOf(cluster);
      for (const each of allOf(cluster, (message) => message instanceof ViewChange)) {
        const base = bases.get(each.base);
        if (base === undefined) continue; // Its primary crashed before anybody was told.
        expect(isValidViewChange(LAW, each, base), `seed ${seed}, ${each.sender} to ${each.to}`).toBe(true);
        judged += 1;
        later += Number(each.base > 0);
        long += Number(each.chain.length > 0);
      }
    }
    expect([judged > 50, later > 10, long > 10], `${judged}, ${later}, ${long}`).toEqual([true, true, true]);
  },
);
