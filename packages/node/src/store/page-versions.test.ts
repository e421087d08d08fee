import { expect, test } from "vitest";
import { parsePageKey } from "./layout.ts";
import { PageVersions } from "./page-versions.ts";

const table = (seq: number, pageCount = 3): { seq: number; pageCount: number } => ({ seq, pageCount });

function pruned(versions: PageVersions, ...tables: { seq: number; pageCount: number }[]): string[] {
  return versions.prune(tables).map((key) => {
    const page = parsePageKey(key);
    return `${page?.index}@${page?.seq}`;
  });
}

/** Checkpoints at 4, 8 and 12 with three pages; page 1 changed at 8, pages 1 and 2 at 12. */
function history(): PageVersions {
  const versions = new PageVersions();
  for (const index of [0, 1, 2]) versions.add(index, 4);
  versions.add(1, 8);
  for (const index of [1, 2]) versions.add(index, 12);
  return versions;
}

test("every checkpoint has its own version of each page", () => {
  const versions = history();
  const of = (seq: number): unknown[] => [0, 1, 2].map((index) => versions.find(table(seq), index));
  expect([of(4), of(8), of(12)]).toEqual([
    [4, 4, 4],
    [4, 8, 4],
    [4, 12, 12],
  ]);
  expect(versions.find(table(8, 2), 2)).toBeUndefined();
  expect(versions.find(table(3), 0)).toBeUndefined();
});

test("what no checkpoint needs any more goes, once", () => {
  const versions = history();
  expect(pruned(versions, table(4), table(8), table(12))).toEqual([]);
  expect(pruned(versions, table(4), table(12))).toEqual(["1@8"]);
  expect(pruned(versions, table(12))).toEqual(["1@4", "2@4"]);
  expect(pruned(versions, table(12))).toEqual([]);
  expect([0, 1, 2].map((index) => versions.find(table(12), index))).toEqual([4, 12, 12]);
});

test("pages that a smaller state does not have go, unless an earlier one is kept", () => {
  const versions = history();
  expect(pruned(versions, table(12), table(16, 1))).toEqual(["1@4", "1@8", "2@4"]);
  expect(pruned(versions, table(16, 1))).toEqual(["1@12", "2@12"]);
  expect(versions.find(table(20), 2)).toBeUndefined();
});

test("what an earlier process left is known again", () => {
  const versions = new PageVersions();
  for (const seq of [4, 8]) versions.restore(1, seq);
  expect(versions.find(table(8), 1)).toBe(8);
  expect(pruned(versions, table(8))).toEqual(["1@4"]);
});
