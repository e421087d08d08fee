import { expect, test } from "vitest";
import type { Effect } from "../../../effects/effects.ts";
import { Port } from "../../../effects/port.ts";
import { MessageKind, Proposal } from "../../../wire/messages.ts";
import { FetchBodies, FetchNewView } from "../../../wire/view-change.ts";
import { Wants } from "./wants.ts";

const NOTHING = new Uint8Array(0);
const digest = (seq: number): string => String.fromCharCode(seq).repeat(32);

function header(seq: number): Proposal {
  const empty = { certificate: NOTHING, share: NOTHING, value: null, evidence: [] };
  return new Proposal({
    kind: MessageKind.Prepare,
    view: 1,
    seq,
    digest: digest(seq),
    extension: 0,
    ...empty,
  });
}

function open(): { wants: Wants; effects: Effect[]; asked: () => string[] } {
  const effects: Effect[] = [];
  const wants = new Wants(new Port({ push: (effect) => void effects.push(effect) }, 0), 0, 3);
  const asked = (): string[] =>
    effects.splice(0).flatMap((effect) => {
      if (effect.type !== "send" && effect.type !== "broadcast") return [];
      const to = effect.type === "send" ? `${effect.to}` : "all";
      if (effect.message instanceof FetchNewView) return [`${to} view ${effect.message.view}`];
      if (effect.message instanceof FetchBodies) return [`${to} ${effect.message.digests.length}`];
      return [];
    });
  return { wants, effects, asked };
}

function want(wants: Wants, seqs: readonly number[], source: number): void {
  for (const seq of seqs) wants.body(header(seq), source);
  wants.settleBodies();
}

test("values are asked for a few at a time, the next as soon as one is here", () => {
  const { wants, asked } = open();
  const all = Array.from({ length: 20 }, (_, i) => i + 1);
  want(wants, all, 1);
  expect(asked()).toEqual(["1 4"]);
  for (const seq of all) {
    expect(wants.gotBody(digest(seq))).toEqual([header(seq)]);
    expect(asked()).toEqual(seq <= 16 ? ["1 1"] : []);
  }
  expect(wants.any).toBe(false);
});

test("who serves is not given up, who does not is", () => {
  const { wants, asked } = open();
  want(
    wants,
    Array.from({ length: 40 }, (_, i) => i + 1),
    1,
  );
  for (let seq = 1; seq <= 20; seq += 1) {
    wants.tick();
    wants.gotBody(digest(seq));
  }
  expect(wants.any).toBe(true);
  asked();
  for (let i = 0; i < 6; i += 1) wants.tick();
  expect(asked()).toEqual(["1 4", "all 4", "1 4", "all 4", "1 4", "all 4"]);
  wants.tick();
  expect(wants.any).toBe(false);
});

test("what was not asked for is not wanted, and what is not wanted any more is not asked for", () => {
  const { wants, asked } = open();
  expect(wants.gotBody(digest(1))).toEqual([]);
  want(wants, [1, 2], 1);
  want(wants, [2], 1);
  expect(asked()).toEqual(["1 2"]);
  expect(wants.gotBody(digest(1))).toEqual([]);
});

test("a NewView is asked for at its source, then at all, and not for ever", () => {
  const { wants, asked } = open();
  wants.view(5, 2);
  wants.viewNow(5, 1);
  expect(asked()).toEqual([]);
  wants.viewNow(6, 1);
  expect(asked()).toEqual(["1 view 6"]);
  wants.gotView(6);
  for (let i = 0; i < 7; i += 1) wants.tick();
  expect(asked()).toEqual(["2 view 5", "2 view 5", "all view 5", "all view 5", "all view 5", "all view 5"]);
  expect(wants.any).toBe(false);
});
