import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWan, WAN_NAMES } from "./wan.ts";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wan-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("those that come with the package open, and are square", () => {
  for (const name of WAN_NAMES) {
    const { regions, delays, rates } = openWan(name);
    expect(delays.map((row) => row.length)).toEqual(regions.map(() => regions.length));
    expect(rates.map((row) => row.length)).toEqual(regions.map(() => regions.length));
  }
});

test("azure is the paper's: ten regions, the primary's first, half of 222 ms and 400 Mb/s to Asia, 6 Gb/s at home", () => {
  const { regions, delays, rates, interfaceRate } = openWan("azure");
  expect([regions[0], regions[9], regions.length]).toEqual(["eastus", "southeastasia", 10]);
  expect([delays[0]?.[9], delays[9]?.[0], delays[0]?.[0]]).toEqual([111_000, 111_500, 500]);
  expect(rates[0]?.[9]).toBeCloseTo(402.7, 1);
  expect(rates[2]?.[9]).toBe(400);
  expect([rates[3]?.[3], interfaceRate]).toEqual([6_000, 6_000]);
});

test("a uniform WAN is everywhere as far", () => {
  expect(openWan("uniform:30").delays).toEqual([[15_000]]);
});

test("a table of one's own, asymmetric if one likes", () => {
  const path = file("mine.csv", "# measured by me\n,a,b\na,1,20\nb,40,1\n\n");
  expect(openWan(path)).toMatchObject({
    regions: ["a", "b"],
    delays: [
      [500, 10_000],
      [20_000, 500],
    ],
  });
});

test.each([
  ["short.csv", ",a,b\na,1,20\nb,40\n", 'the row of "b" must have 2 times'],
  ["names.csv", ",a,b\na,1,20\nc,40,1\n", 'row 3 is of "c", where the first line has "b"'],
  ["hole.csv", ",a,b\na,1,\nb,40,1\n", 'from "a" to "b": NaN is no time in milliseconds'],
  ["less.csv", ",a,b\na,1,2\n", "2 regions need 2 rows, not 1"],
  ["twice.csv", ",a,a\na,1,2\na,2,1\n", "two regions have the same name"],
  ["empty.csv", "", "it has no regions"],
  ["text.json", "rtt", "it is no JSON"],
  ["list.json", '{"regions":["a"]}', '"rttMs" must be a list of rows of milliseconds'],
  ["rates.json", '{"regions":["a"],"rttMs":[[1]],"bandwidth":{}}', '"bandwidth" needs "interfaceMbps"'],
])("%s is refused, and it says why", (name, text, reason) => {
  const path = file(name, text);
  expect(() => openWan(path)).toThrow(ConfigurationError);
  expect(() => openWan(path)).toThrow(reason);
});

test("an unknown name is refused with the names that there are", () => {
  expect(() => openWan("atlantis")).toThrow(/no WAN "atlantis".*azure, aws, lan/);
});
