import type { Outcome, RoleUse } from "@destiny/experiments/run/outcome";
import type { Scenario } from "@destiny/experiments/run/scenario";

const REGIONS = 10;
const SECOND = 1_000_000;

/** Commands per second that the fake protocol can do at most, by the scenario. */
export type Capacity = (scenario: Scenario) => number;

/** What a run would show of a system that answers in 200 ms until it can do no more: no simulation, only arithmetic. */
export function fakeOutcome(scenario: Scenario, capacity: Capacity, changes: Partial<Outcome> = {}): Outcome {
  const { load, bundle, duration, warmUp } = scenario;
  const inFlight = load.type === "closed" ? load.clientsPerRegion * load.inFlight * REGIONS : 1;
  const throughput = Math.min(capacity(scenario), (inFlight * bundle) / 0.2);
  const mean = (inFlight * bundle * 1_000) / throughput;
  return {
    scenario,
    f: 1,
    executed: (throughput * (duration - warmUp)) / SECOND,
    throughput,
    latencyMs: { mean, p50: mean, p90: mean, p99: mean, max: mean },
    regions: {},
    timeline: Array.from({ length: Math.floor(duration / SECOND) }, () => throughput),
    roles: [fakeRole("primary", 1), fakeRole("coordinator", scenario.replicas - 1)],
    bottleneck: { role: "primary", resource: "egress", busy: 0.95 },
    errors: 0,
    violations: [],
    traceHash: "0",
    wall: { seconds: 1, delivered: 1, residentBytes: 1 },
    ...changes,
  };
}

/** A role that uses half of everything. */
export function fakeRole(role: RoleUse["role"], replicas: number, changes: Partial<RoleUse> = {}): RoleUse {
  const half = { loop: 0.5, workers: 0.5, lane: 0.5, egress: 0.5, ingress: 0.5, link: 0.5 };
  return {
    role,
    replicas,
    egress: 3,
    ingress: 3,
    sentBytes: {},
    sentMessages: {},
    cpuSeconds: {},
    busy: { processors: 0.5, ...half },
    waitMs: half,
    ...changes,
  };
}
