import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeVersion, sourcesHash } from "./code-version.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "destiny-sources-"));
  mkdirSync(join(root, "a/b"), { recursive: true });
  writeFileSync(join(root, "a/b/one.ts"), "1");
  writeFileSync(join(root, "a/two.ts"), "2");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("the hash follows names and contents, and no tests", () => {
  const before = sourcesHash(root, ["a"]);
  writeFileSync(join(root, "a/two.test.ts"), "test");
  expect(sourcesHash(root, ["a"])).toBe(before);
  writeFileSync(join(root, "a/two.ts"), "3");
  const changed = sourcesHash(root, ["a"]);
  expect(changed).not.toBe(before);
  writeFileSync(join(root, "a/two.ts"), "2");
  expect(sourcesHash(root, ["a"])).toBe(before);
});

test("this code has a version", () => {
  const { commit, sources } = codeVersion();
  expect(commit).toMatch(/^(unknown|[0-9a-f]{12}(\+changes)?)$/);
  expect(sources).toMatch(/^[0-9a-f]{16}$/);
});
