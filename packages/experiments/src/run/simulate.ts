import { findProtocol, type Protocol } from "@destiny/core/catalogue";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { Micros } from "@destiny/core/kernel/ids";
import type { CostProfile } from "@destiny/simulator/machine/cost-profile";
import { openWan } from "@destiny/simulator/network/wan";
import { Measurement } from "../measure/measurement.ts";
import { bottleneckOf, RoleMeter } from "../measure/roles.ts";
import { openProfile } from "../profiles/open-profile.ts";
import { EvaluationCluster } from "./cluster.ts";
import { Crowd } from "./crowd.ts";
import { schedule } from "./happenings.ts";
import type { Outcome } from "./outcome.ts";
import type { Scenario } from "./scenario.ts";

/** How far a run is. */
export interface RunProgress {
  readonly virtual: Micros;
  readonly duration: Micros;
  /** Commands answered so far, and in the last second. */
  readonly executed: number;
}

const STEP: Micros = 100_000;

/** What a run takes from elsewhere than the names in its scenario. */
export interface Setting {
  readonly profile: CostProfile;
  /** Whether clients talk to the O-primary too. The authors' clients do not, where others coordinate. */
  readonly everyReplica: boolean;
}

/**
 * Runs a scenario: the same scenario, the same outcome but for `wall`. `onProgress` is told every tenth of a virtual second.
 * Throws ConfigurationError if the scenario names what there is not.
 */
export function simulate(scenario: Scenario, onProgress?: (progress: RunProgress) => void): Outcome {
  return simulateWith({ profile: openProfile(scenario.profile), everyReplica: false }, scenario, onProgress);
}

/** The same with a machine at hand, whatever the scenario calls it. */
export function simulateWith(
  { profile, everyReplica }: Setting,
  scenario: Scenario,
  onProgress?: (progress: RunProgress) => void,
): Outcome {
  const protocol = protocolOf(scenario);
  const wan = openWan(scenario.wan);
  check(scenario);
  const cluster = new EvaluationCluster(scenario, protocol, profile, wan);
  const { world, order, faults } = cluster;
  const startedAt = performance.now();
  world.start();
  const measurement = new Measurement(scenario, wan.regions);
  const crowd = new Crowd({ scenario, cluster, wan, measurement, everyReplica });
  schedule(scenario.events, cluster, crowd);
  crowd.start();
  const meter = new RoleMeter(scenario, cluster);
  world.engine.after(scenario.warmUp, () => meter.begin());
  for (let virtual = STEP; virtual <= scenario.duration; virtual += STEP) {
    world.engine.run(Math.min(virtual, scenario.duration));
    const executed = measurement.timeline.reduce((sum, each) => sum + each, 0);
    onProgress?.({ virtual, duration: scenario.duration, executed });
  }
  const roles = meter.end();
  return {
    scenario,
    f: faults.f,
    ...measurement.outcome(),
    roles,
    bottleneck: bottleneckOf(roles),
    violations: [...order.violations, ...cluster.differences()],
    traceHash: world.trace.hash,
    wall: {
      seconds: (performance.now() - startedAt) / 1000,
      delivered: meter.delivered,
      residentBytes: process.memoryUsage().rss,
    },
  };
}

function protocolOf({ protocol: name, replicas }: Scenario): Protocol {
  const protocol = findProtocol(name);
  if (protocol === undefined) throw new ConfigurationError(`there is no protocol ${name}`);
  if (replicas < 1) throw new ConfigurationError("a cluster needs a replica");
  return protocol;
}

function check({ batch, bundle, warmUp, duration }: Scenario): void {
  if (batch < bundle || batch % bundle !== 0) {
    throw new ConfigurationError(`a batch of ${batch} commands is not made of whole bundles of ${bundle}`);
  }
  if (warmUp >= duration) throw new ConfigurationError("the run ends before its warm-up does");
}
