import { hash } from "node:crypto";
import { expect, test } from "vitest";
import type { Effect } from "../effects/effects.ts";
import { Port } from "../effects/port.ts";
import { ROOT } from "../kernel/ids.ts";
import { present } from "../kernel/invariant.ts";
import { Anchor, pageLeaf } from "../wire/anchor.ts";
import { MerkleTree } from "../wire/merkle.ts";
import { CheckpointProof } from "../wire/messages.ts";
import { Anchors, type Opening } from "./anchors.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

class Stage {
  readonly effects: Effect[] = [];
  readonly anchors: Anchors = new Anchors(
    new Port({ push: (effect) => void this.effects.push(effect) }, ROOT),
    digestOf,
  );

  noted(): number[] {
    return this.effects.splice(0).flatMap((effect) => (effect.type === "note" ? [effect.record.seq] : []));
  }
}

/** A checkpoint of two pages: what its taker knows of it, and the proof that comes later. */
function checkpoint(seq: number): { opening: Opening; proof: CheckpointProof } {
  const part = Uint8Array.of(seq);
  const tree = new MerkleTree([pageLeaf(0, part, digestOf), digestOf(Uint8Array.of(1, seq))], digestOf);
  const proof = new CheckpointProof({ seq, root: tree.root, aggregate: new Uint8Array(48) });
  return { opening: { part, pageCount: 2, path: tree.path(0) }, proof };
}

function anchor(seq: number): Anchor {
  const { opening, proof } = checkpoint(seq);
  return new Anchor({ proof, ...opening });
}

const covered = ({ anchors }: Stage): [number, number] | null => {
  const coverage = anchors.takeCoverage();
  return coverage && [present(coverage.part[0], "a part of one byte"), coverage.anchor.seq];
};

test("a checkpoint taken here becomes an anchor by its proof, and covers itself once", () => {
  const stage = new Stage();
  const { opening, proof } = checkpoint(4);
  stage.anchors.onProof(proof);
  expect(stage.anchors.newest).toBeNull(); // Nobody has shown us what it opens to.
  stage.anchors.onTaken(4, opening, null);
  expect(covered(stage)).toBeNull();
  stage.anchors.onProof(proof);
  expect(stage.anchors.stable).toBe(4);
  expect(stage.noted()).toEqual([0]);
  expect(covered(stage)).toEqual([4, 4]);
  expect(covered(stage)).toBeNull();
});

test("a proof that was there before the checkpoint serves as well", () => {
  const stage = new Stage();
  const { opening, proof } = checkpoint(4);
  stage.anchors.onTaken(4, opening, proof);
  expect(covered(stage)).toEqual([4, 4]);
});

test("an anchor of a peer covers what we took before it; what we take on the way to it too", () => {
  const stage = new Stage();
  stage.anchors.onTaken(4, checkpoint(4).opening, null);
  expect(stage.anchors.onAnchor(anchor(12))).toBe(true);
  expect(covered(stage)).toEqual([4, 12]);
  stage.anchors.onTaken(8, checkpoint(8).opening, null);
  expect(covered(stage)).toEqual([8, 12]);
  stage.anchors.onTaken(16, checkpoint(16).opening, null);
  expect(covered(stage)).toBeNull();
  stage.anchors.onAnchor(anchor(14));
  expect(covered(stage)).toEqual([8, 14]); // A newer anchor is worth telling, if only for what is shown to others.
});

test("an older anchor changes nothing, and one that does not open is a lie", () => {
  const stage = new Stage();
  stage.anchors.onAnchor(anchor(12));
  expect(stage.noted()).toEqual([0]);
  expect(stage.anchors.onAnchor(anchor(8))).toBe(true);
  expect(stage.anchors.stable).toBe(12);
  const good = anchor(16);
  for (const lie of [
    { ...good, part: Uint8Array.of(9) },
    { ...good, pageCount: 3 },
    { ...good, path: [] },
  ]) {
    expect(stage.anchors.onAnchor(new Anchor({ ...lie, proof: good.proof }))).toBe(false);
  }
  expect(stage.anchors.stable).toBe(12);
  expect(stage.noted()).toEqual([]);
});

test("what the log gives back is taken as it is, and noted no more", () => {
  const stage = new Stage();
  stage.anchors.recover(anchor(8));
  stage.anchors.recover(anchor(4));
  expect(stage.anchors.stable).toBe(8);
  expect(stage.noted()).toEqual([]);
});
