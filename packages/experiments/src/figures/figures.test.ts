import { fakeOutcome } from "@destiny/testkit/experiments/fake-outcome";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { paperScenario } from "../experiments/scenarios.ts";
import { PAPER } from "../experiments/specifications/common.ts";
import { linesOf } from "../statistics/line.ts";
import { markdownTable, significant } from "./report.ts";
import { sweepReport } from "./sweep-report.ts";
import { theoryReport } from "./theory-figure.ts";

const TITLE = {
  title: "Figure 8: the number of replicas",
  axis: { of: "replicas", label: "number of replicas" },
  payloadBytes: 512,
} as const;

function lines(protocols: readonly string[]) {
  const choice = { seed: 1, batch: 200, payloadBytes: 512, warmUp: 0, duration: 1_000_000 };
  const outcomes = protocols.flatMap((protocol, index) =>
    [19, 49].flatMap((replicas) =>
      [1, 8].map((load) =>
        fakeOutcome(paperScenario(PAPER, { ...choice, protocol, replicas, load }), () => {
          return (index + 1) * (100_000 / replicas);
        }),
      ),
    ),
  );
  return linesOf(outcomes);
}

test("a small figure is drawn as it was", async () => {
  const { drawings } = sweepReport(lines(["single-pbft", "destiny"]), TITLE);
  expect(drawings.map(({ file }) => file)).toEqual(["peaks.svg", "loads.svg"]);
  await expect(drawings[0]?.svg).toMatchFileSnapshot("vectors/small-figure.svg");
});

test("a protocol that the paper does not have is drawn under its own name", () => {
  const { drawings, tables } = sweepReport(lines(["destiny", "newcomer"]), TITLE);
  for (const { svg } of drawings) expect(svg).toContain(">newcomer</text>");
  expect(tables[0]?.rows.map(([name]) => name)).toEqual(["Destiny", "Destiny", "newcomer", "newcomer"]);
});

test("drawings are files of their own: one root, nothing that depends on the moment", () => {
  const [one, other] = [theoryReport(), theoryReport()];
  expect(one).toEqual(other);
  for (const { svg } of one.drawings) {
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(parseHTML(svg).document.querySelectorAll("svg > rect")).not.toHaveLength(0);
    expect(svg).not.toMatch(/NaN|undefined|\d\.\d{3}/);
  }
});

test("Figure 3 has a row for each formula", () => {
  const { tables } = theoryReport();
  const destiny = tables[0]?.rows.find(([name, source]) => name === "Destiny" && source === "paper's");
  // 5 KiB: N = 97 and 301 (65.07 and 64.17).
  expect([destiny?.[5], destiny?.[7]]).toEqual([65.1, 64.2]);
});

test("tables and numbers for people", () => {
  expect(markdownTable({ headings: ["a", "b"], rows: [["x|y", 1]] })).toBe(
    "| a | b |\n|---|---:|\n| x\\|y | 1 |",
  );
  expect([12345.6, 123.456, 0.012345].map((value) => significant(value))).toEqual([12346, 123, 0.0123]);
});
