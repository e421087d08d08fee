import { expect, test } from "vitest";
import type { Scenario } from "./scenario.ts";
import { simulate } from "./simulate.ts";

const SECOND = 1_000_000;

function scenario(changes: Partial<Scenario> = {}): Scenario {
  return {
    ...{ protocol: "destiny", replicas: 4, seed: 1, duration: 3 * SECOND, warmUp: SECOND, wan: "azure" },
    ...{ profile: "paper-2022", without: [], batch: 200, bundle: 200, payloadBytes: 512 },
    load: { type: "closed", clientsPerRegion: 1, inFlight: 2 },
    ...{ events: [], exact: false },
    ...changes,
  };
}

/** Everything that follows from the scenario. */
function facts(changes: Partial<Scenario> = {}): object {
  const { wall, ...outcome } = simulate(scenario(changes));
  expect(wall.delivered).toBeGreaterThan(0);
  return outcome;
}

test("the same scenario gives the same outcome, and another seed another trace", () => {
  expect(facts()).toEqual(facts());
  expect(simulate(scenario({ seed: 2 })).traceHash).not.toBe(simulate(scenario()).traceHash);
});

test.each(["destiny", "dqpbft", "single-pbft", "single-linear-hybster"])(
  "%s answers all regions, and nothing is violated",
  (protocol) => {
    const { violations, errors, regions, executed, timeline } = simulate(scenario({ protocol }));
    expect([violations, errors]).toEqual([[], 0]);
    expect(Object.values(regions).every(({ throughput }) => throughput > 0)).toBe(true);
    expect((timeline[1] ?? 0) + (timeline[2] ?? 0)).toBe(executed);
  },
);

test("a primary keeps a quarter of its window free: under overload no second passes without answers", () => {
  // Its backups learn of a stable checkpoint later than it does, and refuse what is beyond their windows.
  const load = { type: "closed", clientsPerRegion: 40, inFlight: 1 } as const;
  const { timeline, throughput } = simulate(
    scenario({ protocol: "single-sbft", replicas: 7, load, duration: 4 * SECOND }),
  );
  for (const second of timeline.slice(1)) expect(second).toBeGreaterThan(throughput / 2);
  expect(throughput).toBeGreaterThan(60_000);
});

test("processors and bandwidth cost time", () => {
  const whole = simulate(scenario()).latencyMs.mean;
  expect(simulate(scenario({ without: ["cpu"] })).latencyMs.mean).toBeLessThan(whole);
  expect(simulate(scenario({ without: ["bandwidth"] })).latencyMs.mean).toBeLessThan(whole);
});

test("an open loop counts from when a request was due", () => {
  const load = { type: "open", requestsPerSecond: 20 } as const;
  const { executed, latencyMs } = simulate(scenario({ load, duration: 11 * SECOND }));
  expect(executed / 200 / 10).toBeGreaterThan(17);
  expect(executed / 200 / 10).toBeLessThan(23);
  expect(latencyMs.p50).toBeGreaterThan(50);
});

test("a replica that crashes is missed by nobody; more load comes when it is told to", () => {
  const crash = { type: "crash", at: 0, replicas: [3] } as const;
  const more = { type: "scale-load", at: 4 * SECOND, factor: 2, regions: ["eastus"] } as const;
  const { violations, timeline, regions } = simulate(
    scenario({ replicas: 7, duration: 8 * SECOND, events: [crash, more] }),
  );
  expect(violations).toEqual([]);
  expect(regions["southcentralus"]?.throughput).toBeGreaterThan(0);
  expect(timeline[6]).toBeGreaterThan((timeline[3] ?? 0) * 1.05);
});

test.each(["single-pbft", "single-linear-hybster", "dqpbft", "destiny"])(
  "%s: the primary of the one order crashes, and the next one serves all clients",
  (protocol) => {
    const crash = { type: "crash", at: 2 * SECOND, replicas: [0] } as const;
    const parameters = { suspicionDelay: 2 * SECOND, viewChangeDelay: 2 * SECOND };
    const changes = { protocol, replicas: 7, duration: 16 * SECOND, events: [crash], parameters };
    const { violations, timeline } = simulate(scenario(changes));
    expect(violations).toEqual([]);
    expect(Math.min(...timeline.slice(3, 8))).toBe(0);
    expect(timeline.at(-1)).toBeGreaterThan((timeline[1] ?? 0) / 2);
  },
);
