import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { CHUNK_BYTES_MAX, PIECES_MAX } from "../../wire/state-transfer.ts";
import { type Chunk, Gathering } from "./gathering.ts";
import { Manifest } from "./manifest.ts";
import { ModelState, pagesOf } from "./model-state.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

const nothing = (): null => null;

function manifestOf(state: ModelState): Manifest {
  const manifest = new Manifest(state.anchor, digestOf);
  manifest.add(state.digests(1));
  return manifest;
}

/** Takes every chunk from this source, as it should be. */
function takeAll(gathering: Gathering, state: ModelState, chunks: readonly Chunk[], from = 1): void {
  for (const chunk of chunks) {
    expect(gathering.take(chunk, state.pieces(chunk.pieces), from)).toEqual({ culprit: null, again: [] });
  }
}

const first = (chunks: readonly Chunk[]): Chunk => chunks[0] ?? { pieces: [] };

test("small pages come together, large ones in pieces, and nothing that is known or empty is asked for", () => {
  const pages = [...pagesOf(3, 200_000), new Uint8Array(CHUNK_BYTES_MAX * 2 + 5).fill(7), new Uint8Array(0)];
  const state = new ModelState(digestOf, 8, pages);
  const gathering = new Gathering(digestOf);
  const chunks = gathering.aim(manifestOf(state), (index) => (index === 2 ? (pages[0] ?? null) : null));
  const asked = chunks.map(({ pieces }) => pieces.map(({ index, offset }) => `${index}+${offset}`).join(" "));
  expect(asked.sort()).toEqual(["3+0 4+0", "5+0", `5+${2 * CHUNK_BYTES_MAX}`, `5+${CHUNK_BYTES_MAX}`]);
  expect(gathering.progress).toEqual({ done: 0, of: 3 });
  expect(gathering.complete).toBe(false);
  takeAll(gathering, state, chunks);
  expect(gathering.complete).toBe(true);
  expect(gathering.pages().map(digestOf)).toEqual(state.pages.map(digestOf));
  expect(gathering.progress).toEqual({ done: 3, of: 3 });
});

test("a request names no more pieces and no more bytes than it may", () => {
  const many = new Gathering(digestOf).aim(
    manifestOf(new ModelState(digestOf, 8, pagesOf(1_020, 2))),
    nothing,
  );
  expect(many.every(({ pieces }) => pieces.length <= PIECES_MAX)).toBe(true);
  const large = new Gathering(digestOf).aim(
    manifestOf(new ModelState(digestOf, 8, pagesOf(40, 100_000))),
    nothing,
  );
  for (const { pieces } of large) {
    expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(CHUNK_BYTES_MAX);
  }
  expect(large.flatMap(({ pieces }) => pieces)).toHaveLength(40);
});

test("a wrong page, or another number of bytes, is its sender's fault, and is asked for again", () => {
  const state = new ModelState(digestOf, 8, pagesOf(3, 100));
  const gathering = new Gathering(digestOf);
  const chunks = gathering.aim(manifestOf(state), nothing);
  const good = state.pieces(first(chunks).pieces);
  const other = good.with(1, new Uint8Array(100));
  for (const bad of [other, good.slice(1), good.with(0, new Uint8Array(99)), []]) {
    expect(gathering.take(first(chunks), bad, 3)).toEqual({ culprit: 3, again: [first(chunks)] });
  }
  takeAll(gathering, state, chunks);
  expect(gathering.complete).toBe(true);
});

test("a large page that one source sent wrong is that one's fault", () => {
  const state = new ModelState(digestOf, 8, [new Uint8Array(CHUNK_BYTES_MAX + 9).fill(7)]);
  const gathering = new Gathering(digestOf);
  const chunks = gathering.aim(manifestOf(state), nothing);
  const wrong = chunks.map(({ pieces }) => state.pieces(pieces).map((bytes) => bytes.fill(8)));
  gathering.take(first(chunks), wrong[0] ?? [], 4);
  const { culprit, again } = gathering.take(chunks[1] ?? first([]), wrong[1] ?? [], 4);
  expect([culprit, again.length]).toEqual([4, 2]);
  expect(gathering.complete).toBe(false);
});

test("one that does not fit together from several is then sent by one alone, until that one fails or is found out", () => {
  const state = new ModelState(digestOf, 8, [new Uint8Array(CHUNK_BYTES_MAX + 9).fill(7)]);
  const gathering = new Gathering(digestOf);
  const [a, b] = gathering.aim(manifestOf(state), nothing) as [Chunk, Chunk];
  const wrong = state.pieces(a.pieces).map((bytes) => bytes.fill(8));
  expect(gathering.mayCome(a, 4) && gathering.mayCome(b, 1)).toBe(true);
  gathering.take(a, wrong, 4);
  const { culprit, again } = gathering.take(b, state.pieces(b.pieces), 1);
  expect([culprit, again]).toEqual([null, [a, b]]);

  expect(gathering.mayCome(a, 4)).toBe(true);
  expect(gathering.mayCome(b, 1)).toBe(false);
  expect(gathering.take(b, state.pieces(b.pieces), 1)).toEqual({ culprit: null, again: [] }); // Late: it does not count.
  gathering.take(a, wrong, 4);
  expect(gathering.take(b, state.pieces(b.pieces), 4)).toEqual({ culprit: 4, again: [a, b] });

  expect(gathering.mayCome(a, 2)).toBe(true);
  gathering.take(a, state.pieces(a.pieces), 2);
  expect(gathering.forsake(2)).toEqual([a, b]);
  expect(gathering.mayCome(b, 3)).toBe(true);
  takeAll(gathering, state, [a, b], 3);
  expect(gathering.complete).toBe(true);
});

test("what has come serves for a newer state, as far as that is the same, and the rest is let go", () => {
  const old = new ModelState(digestOf, 8, [
    ...pagesOf(4, 300_000),
    new Uint8Array(CHUNK_BYTES_MAX + 9).fill(7),
  ]);
  const pages = old.pages.slice(2);
  const next = new ModelState(digestOf, 16, pages.with(1, new Uint8Array(300_000).fill(99)));
  const gathering = new Gathering(digestOf);
  const chunks = gathering.aim(manifestOf(old), nothing);
  const large = chunks.filter(({ pieces }) => pieces[0]?.index === 6);
  takeAll(gathering, old, [...chunks.filter((chunk) => !large.includes(chunk)), first(large)]);

  const again = gathering.aim(manifestOf(next), nothing);
  expect(again.flatMap(({ pieces }) => pieces).map(({ index, offset }) => [index, offset])).toEqual(
    expect.arrayContaining([
      [3, 0],
      [6, CHUNK_BYTES_MAX],
    ]),
  );
  expect(again.flatMap(({ pieces }) => pieces)).toHaveLength(2);
  takeAll(gathering, next, again, 2);
  expect(gathering.pages().map(digestOf)).toEqual(next.pages.map(digestOf));
  gathering.clear();
  expect(gathering.complete).toBe(false);
});
