import { fakeOutcome, fakeRole } from "@destiny/testkit/experiments/fake-outcome";
import { expect, test } from "vitest";
import type { FigureName } from "../experiments/catalogue.ts";
import { PAPER_PROTOCOLS, shownAs } from "../experiments/protocols.ts";
import { paperScenario } from "../experiments/scenarios.ts";
import { PAPER_SIZES, SECOND } from "../experiments/specification.ts";
import { PAPER } from "../experiments/specifications/common.ts";
import type { PointRecord } from "../records/record.ts";
import type { Outcome } from "../run/outcome.ts";
import { readClaims } from "./claim.ts";
import { Evidence } from "./evidence.ts";
import { claimsPage, claimsTable, talliesOf } from "./page.ts";
import { isWithin, judgeClaims, METRICS, type Verdict } from "./verdict.ts";

const ALL = PAPER_PROTOCOLS.map(({ name }) => name);
const WORLD = { seed: 1, warmUp: SECOND, duration: 2 * SECOND };

type Records = Partial<Record<FigureName, PointRecord[]>>;

function recorded(experiment: FigureName, outcomes: readonly Outcome[]): PointRecord[] {
  return outcomes.map((outcome) => ({ experiment, commit: "abc", sources: "1", outcome }));
}

/** A world in which a protocol does so many commands per second, by its name and the number of replicas. */
function sweeps(
  throughput: (protocol: string, replicas: number) => number,
  protocols: readonly string[] = ALL,
): Records {
  const point = (
    protocol: string,
    replicas: number,
    batch: number,
    payloadBytes: number,
    crashed = 0,
  ): Outcome => {
    const events =
      crashed === 0
        ? []
        : [{ at: 0, type: "crash" as const, replicas: Array.from({ length: crashed }, (_, i) => i) }];
    const scenario = paperScenario(PAPER, {
      ...WORLD,
      protocol,
      replicas,
      batch,
      payloadBytes,
      load: 100,
      events,
    });
    const bytes = (kind: string, each: number) => ({
      sentBytes: { [kind]: each * 10 },
      sentMessages: { [kind]: 10 },
    });
    const kinds = ["Prepare", "PrePrepare"].map((kind) => [kind, 106_000] as const);
    const small = ["PbftPrepare", "PbftCommit"].map((kind) => [kind, 100] as const);
    const signed = ["CommitSig", "Commit"].map((kind) => [kind, 300] as const);
    const sent = [...kinds, ...small, ...signed].map(([kind, each]) => bytes(kind, each));
    const second = shownAs(protocol).family === "single-primary" ? "backup" : "coordinator";
    const all = {
      sentBytes: Object.assign({}, ...sent.map((each) => each.sentBytes)),
      sentMessages: Object.assign({}, ...sent.map((each) => each.sentMessages)),
    };
    const roles = [
      fakeRole("primary", 1, all),
      fakeRole(second, replicas - 1, { egress: 0.05, ingress: 0.06 }),
    ];
    return fakeOutcome(scenario, () => throughput(protocol, replicas), { roles });
  };
  const fig7 = protocols.flatMap((protocol) => [
    ...[50, 100, 200, 400, 800, 1200].map((batch) => point(protocol, 97, batch, 512)),
    point(protocol, 97, 200, 1024),
  ]);
  const fig8 = protocols.flatMap((protocol) => PAPER_SIZES.map((n) => point(protocol, n, 200, 512)));
  const fig9 = protocols.flatMap((protocol) =>
    PAPER_SIZES.map((n) => point(protocol, n, 200, 512, (n - 1) / 2)),
  );
  return { fig7: recorded("fig7", fig7), fig8: recorded("fig8", fig8), fig9: recorded("fig9", fig9) };
}

function timelines(protocols: readonly string[]): PointRecord[] {
  const events = [
    { at: 50 * SECOND, type: "scale-load" as const, factor: 2 },
    { at: 140 * SECOND, type: "crash" as const, replicas: [7] },
  ];
  return recorded(
    "fig10",
    protocols.map((protocol) => {
      const choice = { protocol, replicas: 97, batch: 200, payloadBytes: 512, seed: 1, load: 8, warmUp: 0 };
      const scenario = paperScenario(PAPER, { ...choice, duration: 200 * SECOND, events });
      const gain = protocol === "dqpbft" ? 125 : 100;
      const at = (second: number): number => {
        if (second < 50) return 100;
        if (second < 60) return 70;
        return second >= 140 && second < 150 ? 0 : gain;
      };
      return fakeOutcome(scenario, () => 1, {
        timeline: Array.from({ length: 200 }, (_, second) => at(second)),
      });
    }),
  );
}

function counts(): PointRecord[] {
  const n = 49;
  const messages: Record<string, number> = {
    "single-pbft": 2 * n * n,
    "single-hybster": n * n,
    dqpbft: 4 * n * n,
    destiny: 7 * n,
  };
  const delays: Record<string, [number, number]> = {
    "single-pbft": [3, 3],
    "single-hybster": [2, 2],
    dqpbft: [4, 6],
    destiny: [5, 8],
  };
  const outcomes = Object.entries(messages).flatMap(([protocol, count]) =>
    (["optimistic", "pessimistic"] as const).map((ordering, index): Outcome => {
      const choice = { ...WORLD, protocol, replicas: n, batch: 1, payloadBytes: 512, load: 1 };
      const scenario = {
        ...paperScenario({ ...PAPER, wan: "uniform:100" }, choice),
        parameters: { ordering },
      };
      const mean = ((delays[protocol]?.[index] ?? 0) + 2) * 50;
      const roles = [
        fakeRole("primary", n, { sentMessages: { Vote: (count / n) * (1 - 1 / n), Status: 1e6 } }),
      ];
      return fakeOutcome(scenario, () => 1, {
        executed: 1,
        roles,
        latencyMs: { mean, p50: mean, p90: mean, p99: mean, max: mean },
      });
    }),
  );
  return recorded("fig2", outcomes);
}

function judge(records: Records): Map<string, Verdict> {
  return new Map(judgeClaims(new Evidence(records)).map((verdict) => [verdict.id, verdict]));
}

const even = (): number => 100_000;

test("every claim has a metric, and every metric a claim", () => {
  const claims = readClaims();
  expect(claims).toHaveLength(46);
  expect(Object.keys(METRICS).sort()).toEqual(claims.map(({ id }) => id).sort());
  for (const measures of Object.values(METRICS)) expect(measures).not.toHaveLength(0);
});

test("bounds are hard, but for rounding", () => {
  expect([5.1, 6, 6.00000000001, 6.0001, 5.0999].map((value) => isWithin(value, [5.1, 6]))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
  expect([isWithin(-1e9, [null, 0]), isWithin(1e9, [0, null])]).toEqual([true, true]);
});

test("with records of everything every claim has a verdict; without any, only what needs none", () => {
  const all = judge({ ...sweeps(even), fig10: timelines(ALL), fig2: counts() });
  for (const [id, { verdict, missing }] of all) expect([id, verdict, missing]).not.toContain("not yet");
  const none = judge({});
  expect(talliesOf([...none.values()])).toEqual({ pass: 1, fail: 0, "not yet": 45 });
  expect(none.get("A4")?.verdict).toBe("pass");
});

test("ratios, inequalities and ranks", () => {
  const throughput = (protocol: string, replicas: number): number => {
    if (protocol === "destiny") return replicas === 49 ? 90_000 : 135_000;
    return shownAs(protocol).family === "single-primary" ? 1_500_000 / (replicas - 1) : 100_000;
  };
  const verdicts = judge(sweeps(throughput));
  expect(verdicts.get("B11")).toMatchObject({ verdict: "pass", measured: [{ value: 1.35 }], missing: [] });
  expect(verdicts.get("B9")).toMatchObject({ verdict: "pass", measured: [{ value: 1 }] });
  expect(verdicts.get("S1")?.measured.every(({ value }) => Math.abs(value - 1) < 1e-9)).toBe(true);
  expect(verdicts.get("B1")?.verdict).toBe("fail");
  expect(
    verdicts
      .get("B1")
      ?.measured.filter(({ within }) => !within)
      .map(({ label }) => label),
  ).toEqual(["PBFT 50/100", "SBFT 50/100", "Linear Hybster 50/100"]);
  const ranks = verdicts.get("S4");
  expect(ranks?.verdict).toBe("fail");
  expect(ranks?.measured.map(({ value }) => value)).toEqual([1, 8, 1, 1, 1]);
  expect(verdicts.get("U2")).toMatchObject({ verdict: "pass", measured: [{ value: expect.closeTo(110) }] });
  expect(verdicts.get("F7")?.measured.map(({ value }) => value)).toEqual([1, 1, 1, 1, 1]);
  expect(verdicts.get("A3")?.verdict).toBe("pass");
});

test("what is missing is named, and what is there is measured all the same", () => {
  const verdicts = judge(sweeps(even, ["single-pbft", "single-linear-hybster", "dqpbft", "destiny"]));
  expect(verdicts.get("B5")).toMatchObject({ verdict: "pass", measured: [{ value: 1 }] });
  expect(verdicts.get("B9")).toMatchObject({
    verdict: "not yet",
    measured: [],
    missing: ["protocol RCC", "protocol MirBFT"],
  });
  expect(verdicts.get("B3")?.measured.map(({ label }) => label)).toEqual(["PBFT", "Linear Hybster"]);
  expect(verdicts.get("B3")?.verdict).toBe("not yet");
  expect(verdicts.get("T3")?.missing).toEqual(["fig10 of dqpbft"]);
  expect(verdicts.get("A1")?.missing).toContain("fig2 at N = 49, optimistic of destiny");
});

test("Figure 10: who gains, who does not, and who comes back", () => {
  const verdicts = judge({ fig10: timelines(["dqpbft", "rcc", "mirbft"]) });
  for (const id of ["T1", "T2", "T3", "T4", "T5", "T6"])
    expect([id, verdicts.get(id)?.verdict]).toEqual([id, "pass"]);
});

test("Figure 2: counts with messages to oneself, and phases of both orders", () => {
  const verdicts = judge({ fig2: counts() });
  expect(verdicts.get("A1")).toMatchObject({ verdict: "pass" });
  expect(verdicts.get("A1")?.measured.at(-1)).toMatchObject({
    label: "Destiny",
    value: expect.closeTo(1, 9),
  });
  expect(verdicts.get("A2")?.measured.filter(({ within }) => !within)).toMatchObject([
    { label: "Destiny, pessimistic", value: 8 / 7 },
  ]);
});

test("the page and the table say it all", () => {
  const verdicts = judgeClaims(new Evidence(sweeps(even)));
  const page = claimsPage(verdicts, "From a test.");
  expect(page.startsWith("# The paper's claims\n\nFrom a test.")).toBe(true);
  for (const { id } of verdicts) expect(page).toContain(`| ${id} |`);
  expect(page).toContain("not yet: 1 line of fig10");
  expect(page).toMatch(/\*\*B11\*\* \(Destiny 35% better.*\): 1\. /);
  expect(claimsTable(verdicts).rows).toHaveLength(46);
});
