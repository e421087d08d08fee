import type { InstanceStatus } from "@destiny/core/ordering/orderer";
import type { StatusReport } from "@destiny/node/observability/status-report";
import { expect, test } from "vitest";
import { instanceTable } from "./instance-table.ts";

function instance(number: number, n: number, fields: Partial<InstanceStatus> = {}): InstanceStatus {
  const view = fields.view ?? 0;
  const primary = ((number === n ? 0 : number) + view) % n;
  const rest = { active: true, probation: 0, low: 0, decided: 10, known: 10, complainers: [] };
  const counts = { viewChanges: view, reinstatements: 0, complaints: 0 };
  return { instance: number, view, primary, ...rest, ...counts, ...fields };
}

function report(replica: number, n: number, changes: Record<number, Partial<InstanceStatus>>): StatusReport {
  const instances = Array.from({ length: n + 1 }, (_, each) => instance(each, n, changes[each]));
  return { replica, n, instances } as unknown as StatusReport;
}

test("one line for each instance where all agree, the one that orders first", () => {
  const changes = {
    0: { view: 5, probation: 14 },
    1: { view: 2 },
    2: { decided: 12 },
    3: { view: 1, complainers: [2, 0] },
  };
  const text = instanceTable([report(1, 3, changes), report(2, 3, { ...changes, 2: { decided: 13 } })]);
  expect(text.split("\n")).toEqual([
    "instance  view  primary  state              decided  suspected by  at replicas",
    "--------  ----  -------  -----------------  -------  ------------  -----------",
    "O            1        1  serving                 10  0, 2          all",
    "D0           5        2  replica 0 is away       10  -             all",
    "D1           2        0  replica 1 is away       10  -             all",
    "D2           0        2  serving                 13  -             all",
  ]);
});

test("a line for each opinion where they do not, the furthest view first", () => {
  const home = report(0, 3, { 1: { view: 3, probation: 14 }, 3: { view: 1, active: false } });
  const text = instanceTable([home, report(1, 3, { 1: { view: 3, probation: 14 } })]);
  const lines = text.split("\n").map((line) => line.split(/ {2,}/));
  expect(lines.slice(2, 4)).toEqual([
    ["O", "1", "1", "changing views", "10", "-", "0"],
    ["O", "0", "0", "serving", "10", "-", "1"],
  ]);
  expect(lines[5]).toEqual(["D1", "3", "1", "on probation, 4 slots left", "10", "-", "all"]);
});

test("an instance whose primary does not answer is told of, even if nobody waits for it", () => {
  const text = instanceTable([report(0, 3, {}), report(2, 3, {})]);
  expect(text).toMatch(/^D1 +0 +1 +replica 1 does not answer /m);
  expect(text).toMatch(/^D0 +0 +0 +serving /m);
});

test("of a large cluster only what is of note", () => {
  const text = instanceTable(Array.from({ length: 40 }, (_, id) => report(id, 40, { 7: { view: 1 } })));
  expect(
    text
      .split("\n")
      .slice(2)
      .map((line) => line.split(" ")[0]),
  ).toEqual(["O", "D7", "The"]);
  expect(text).toContain("The other 39 are in the first views of their homes.");
});
