import { expect, test } from "vitest";
import { formatPairs, formatTable } from "./print.ts";

test("a table lines numbers up on the right and words on the left", () => {
  const table = formatTable(
    ["id", "name"],
    [
      [1, "a"],
      [10, "longer"],
    ],
  );
  expect(table.split("\n")).toEqual(["id  name", "--  ------", " 1  a", "10  longer"]);
});

test("pairs line up", () => {
  expect(
    formatPairs([
      ["a", "1"],
      ["long", "2"],
    ]).split("\n"),
  ).toEqual(["a     1", "long  2"]);
});
