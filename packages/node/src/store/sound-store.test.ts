import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DataFile } from "./data-file.ts";
import { checkDataFile, dataPath } from "./opening.ts";
import { type Operation, SealedDatabase } from "./sealed-database.ts";

const KEYS = 120;
/** Some fit into the tree, most need pages of their own: up to five. */
const BYTES_MAX = 20_000;

const change = fc.record({
  key: fc.nat({ max: KEYS - 1 }),
  /** Null removes. Often small, sometimes long. */
  bytes: fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: BYTES_MAX }), fc.constant(null)),
});
const group = fc.array(change, { minLength: 1, maxLength: 60 });

/** Every group of a store writes it, so none is empty. */
const ACCOUNT = { key: Buffer.from("account"), value: Buffer.from("so many") };

type Change = { readonly key: number; readonly bytes: number | null };

test("whatever is put, replaced and removed, in one group or in many, the file is never called damaged", async () => {
  const groups = fc.array(group, { minLength: 1, maxLength: 25 });
  await fc.assert(fc.asyncProperty(groups, play), { seed: 1, numRuns: 60 });
});

async function play(groups: readonly (readonly Change[])[]): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "sound-store-"));
  try {
    const database = new SealedDatabase(dataPath(dir));
    await database.commit([ACCOUNT]);
    const file = new DataFile(dataPath(dir));
    // What is removed is always there, as in a store.
    const there = new Set<number>();
    for (const changes of groups) {
      const operations = [...changes.flatMap((each) => operationOf(there, each)), ACCOUNT];
      await file.reserve(
        operations.length,
        operations.reduce((sum, { value }) => sum + (value?.byteLength ?? 0), 0),
      );
      await database.commit(operations);
      expect(checkDataFile(dir)).toBe(true);
    }
    await database.close();
    await file.close();
    expect(checkDataFile(dir)).toBe(true);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function operationOf(there: Set<number>, { key, bytes }: Change): Operation[] {
  if (bytes === null && !there.delete(key)) return [];
  if (bytes !== null) there.add(key);
  return [{ key: Buffer.from(`key ${key}`), value: bytes === null ? null : Buffer.alloc(bytes, key) }];
}
