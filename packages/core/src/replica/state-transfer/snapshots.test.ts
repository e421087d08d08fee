import { hash } from "node:crypto";
import { expect, test } from "vitest";
import type { Effect } from "../../effects/effects.ts";
import { Port } from "../../effects/port.ts";
import { ROOT } from "../../kernel/ids.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import type { Anchor } from "../../wire/anchor.ts";
import { DIGESTS_MAX, FetchState, type Piece, StateDigests } from "../../wire/state-transfer.ts";
import { Manifest } from "./manifest.ts";
import { ModelState, pagesOf } from "./model-state.ts";
import { REQUESTS_MAX, Snapshots } from "./snapshots.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

const PIECE: Piece = { index: 2, offset: 0, length: 3 };

/** A replica that takes checkpoints, and peers that ask for them. */
class Stage {
  readonly snapshots: Snapshots;
  #newest: Anchor | null = null;
  #saved = 0;
  readonly #effects: Effect[] = [];

  constructor() {
    const port = new Port({ push: (effect) => void this.#effects.push(effect) }, ROOT);
    this.snapshots = new Snapshots({ port, hash: digestOf, newest: () => this.#newest });
  }

  save(seq: number, state: ModelState = stateAt(seq)): readonly number[] {
    this.#saved = seq;
    return this.snapshots.onSaved(seq, state);
  }

  stabilise(seq: number): void {
    this.#newest = stateAt(seq).anchor;
  }

  fetch(from: number, seq: number, fields: { first?: number; pieces?: readonly Piece[] } = {}): Effect[] {
    const { first = 0, pieces = [PIECE] } = fields;
    this.snapshots.onFetch(from, new FetchState({ seq, ticket: 9, first, pieces }));
    return this.#effects.splice(0);
  }

  /** Whether that checkpoint is served. */
  serves(from: number, seq: number): boolean {
    return this.fetch(from, seq).some(({ type }) => type === "serve-state");
  }

  /** Whether that checkpoint stays beside the next one that is saved. */
  keeps(seq: number): boolean {
    return this.save(this.#saved + 8).includes(seq);
  }

  /** The last one saved is stable. */
  settle(): void {
    this.stabilise(this.#saved);
  }

  periods(count: number): void {
    for (let i = 0; i < count; i += 1) this.snapshots.tick();
  }
}

const stateAt = (seq: number): ModelState => new ModelState(digestOf, seq, pagesOf(4, 10, seq));

function onlyMessage(effects: readonly Effect[]): unknown {
  expect(effects).toHaveLength(1);
  const [effect] = effects;
  return effect?.type === "send" ? effect.message : effect;
}

test("digests are sent from memory, each subtree with its path, and pages are asked of the disk", () => {
  const stage = new Stage();
  const state = new ModelState(digestOf, 8, pagesOf(DIGESTS_MAX + 5, 3));
  stage.save(8, state);
  const manifest = new Manifest(state.anchor, digestOf);
  for (const first of [0, DIGESTS_MAX]) {
    const message = onlyMessage(stage.fetch(1, 8, { first, pieces: [] })) as StateDigests;
    expect(message.ticket).toBe(9);
    expect(manifest.add(message)).toBe(true);
  }
  expect(manifest.complete).toBe(true);
  const request = { to: 1, seq: 8, ticket: 9, pieces: [PIECE] };
  expect(stage.fetch(1, 8)).toEqual([{ type: "serve-state", request }]);
});

test("what no page has is not asked of the disk", () => {
  const stage = new Stage();
  stage.save(8);
  const report = [{ type: "report", peer: 1, reason: Misbehaviour.NotForUs }];
  for (const piece of [
    { index: 6, offset: 0, length: 1 },
    { index: 2, offset: 8, length: 3 },
  ]) {
    expect(stage.fetch(1, 8, { pieces: [PIECE, piece] })).toEqual(report);
  }
  for (const first of [1, DIGESTS_MAX]) expect(stage.fetch(1, 8, { first, pieces: [] })).toEqual(report);
});

test("the newest stable checkpoint stays until the next one is stable, and so do those that may be", () => {
  const stage = new Stage();
  expect(stage.save(8)).toEqual([]);
  stage.stabilise(8);
  expect(stage.save(16)).toEqual([8]);
  expect(stage.save(24)).toEqual([8, 16]);
  stage.stabilise(16);
  expect(stage.save(32)).toEqual([16, 24]);
  expect([8, 16, 24, 32].map((seq) => stage.serves(1, seq))).toEqual([false, true, true, true]);
  for (let seq = 40; seq <= 80; seq += 8) stage.save(seq);
  expect(stage.save(88).length).toBeLessThanOrEqual(6); // However long none is stable.
});

test("the one that is being fetched stays for as long as somebody asks for it", () => {
  const stage = new Stage();
  stage.save(8);
  stage.stabilise(8);
  stage.fetch(1, 8);
  let seq = 8;
  for (let period = 0; period < 20; period += 1) {
    seq += 8;
    stage.save(seq);
    stage.stabilise(seq);
    stage.periods(1);
    if (period % 3 === 0) expect(stage.serves(1, 8)).toBe(true);
  }
  stage.periods(6);
  stage.save(seq + 8);
  expect(stage.serves(1, 8)).toBe(false);
});

test("nobody keeps one for ever, and who waited for its turn has it before who had it last", () => {
  const stage = new Stage();
  stage.save(8);
  stage.stabilise(8);
  let periods = 0;
  for (; periods < 200; periods += 1) {
    stage.fetch(1, 8); // In the end by its last user again, in vain.
    if (periods > 5 && !stage.keeps(8)) break;
    stage.periods(1);
    if (periods !== 5) continue;
    stage.save(16);
    stage.stabilise(16);
    stage.fetch(2, 16);
  }
  expect(periods).toBeGreaterThan(30);
  expect(periods).toBeLessThan(100);
  stage.fetch(2, 16);
  stage.settle();
  expect(stage.keeps(16)).toBe(true);
});

test("who moves on to a newer one takes its pin along, if nobody else uses the old one", () => {
  const stage = new Stage();
  stage.save(8);
  stage.stabilise(8);
  stage.fetch(1, 8);
  stage.fetch(2, 8);
  stage.save(16);
  stage.stabilise(16);
  stage.fetch(1, 16);
  expect(stage.keeps(8)).toBe(true);
  stage.fetch(2, 16);
  stage.settle();
  expect([8, 16].map((seq) => stage.keeps(seq))).toEqual([false, true]);
});

test("who asks for what is not here is told so, and offered what is, which then waits for it", () => {
  const stage = new Stage();
  stage.save(8);
  const declined = stage.fetch(1, 4);
  expect(onlyMessage(declined)).toMatchObject({ seq: 4, ticket: 9, digests: [] });
  stage.stabilise(8);
  const [anchor, none] = stage.fetch(1, 4).map((effect) => (effect.type === "send" ? effect.message : null));
  expect(anchor).toMatchObject({ seq: 8 });
  expect(none).toBeInstanceOf(StateDigests);
  for (let seq = 16; seq <= 48; seq += 8) {
    stage.save(seq);
    stage.stabilise(seq);
  }
  expect(stage.serves(1, 8)).toBe(true);
});

test("one peer is not answered for ever in one period", () => {
  const stage = new Stage();
  stage.save(8);
  for (let i = 0; i < REQUESTS_MAX; i += 1) expect(stage.serves(1, 8)).toBe(true);
  expect(stage.fetch(1, 8)).toEqual([{ type: "report", peer: 1, reason: Misbehaviour.TooManyPulls }]);
  expect(stage.serves(2, 8)).toBe(true);
  stage.periods(1);
  expect(stage.serves(1, 8)).toBe(true);
});
