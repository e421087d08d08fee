import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { PLANTED_BUGS } from "./catalogue.ts";
import { applyEdits } from "./patch.ts";
import { findScenario, SCENARIOS } from "./scenarios.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

test("every planted bug has a name of its own", () => {
  expect(new Set(PLANTED_BUGS.map(({ id }) => id)).size).toBe(PLANTED_BUGS.length);
});

test.each(PLANTED_BUGS.map((bug) => [bug.id, bug] as const))("%s fits the present source", (_, { edits }) => {
  const files = new Set(edits.map(({ file }) => file));
  for (const file of files) {
    const source = readFileSync(`${root}${file}`, "utf8");
    const here = edits.filter((edit) => edit.file === file);
    expect(applyEdits(source, here)).not.toBe(source);
  }
});

test("an edit that fits twice or not at all is refused", () => {
  const edit = { file: "x.ts", find: "a", replace: "b" };
  expect(() => applyEdits("aa", [edit])).toThrow("2 times");
  expect(() => applyEdits("c", [edit])).toThrow("0 times");
  expect(applyEdits("a$", [{ ...edit, replace: "$&$1" }])).toBe("$&$1$");
});

test("a bug that a scenario or a test is for names one that exists", () => {
  for (const { caughtBy } of PLANTED_BUGS) {
    if (caughtBy.by === "scenario") expect(findScenario(caughtBy.name)).toBeTypeOf("function");
    if (caughtBy.by === "test") expect(existsSync(`${root}${caughtBy.file}`), caughtBy.file).toBe(true);
  }
});

test.each([...SCENARIOS])("scenario %s passes on the healthy product", (_, scenario) => {
  scenario();
});
