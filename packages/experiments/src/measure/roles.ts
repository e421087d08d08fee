import { MessageKind } from "@destiny/core/wire/messages";
import { Account, Activity } from "@destiny/simulator/machine/account";
import type { EvaluationCluster } from "../run/cluster.ts";
import type { Bottleneck, RoleUse } from "../run/outcome.ts";
import { FIRST_PRIMARY } from "../run/placement.ts";
import type { Scenario } from "../run/scenario.ts";

type Resource = keyof RoleUse["busy"];

const ACTIVITIES = Object.entries(Activity).map(([name, index]) => [name.toLowerCase(), index] as const);
const KINDS = Object.entries(MessageKind);
/** A resource that is busier than this limits; below, replicas wait for messages on their way. */
const LIMITING = 0.8;

/** Measures what replicas use in the measured span, by role. */
export class RoleMeter {
  readonly #scenario: Scenario;
  readonly #cluster: EvaluationCluster;
  #before: readonly Account[] = [];

  constructor(scenario: Scenario, cluster: EvaluationCluster) {
    this.#scenario = scenario;
    this.#cluster = cluster;
  }

  begin(): void {
    this.#before = this.#cluster.machines.map((machine) => machine.account());
  }

  end(): RoleUse[] {
    const { machines, multiPrimary, world } = this.#cluster;
    const others = multiPrimary ? "coordinator" : "backup";
    const primary: Account[] = [];
    const rest: Account[] = [];
    for (const [replica, machine] of machines.entries()) {
      if (!world.host(replica).alive) continue;
      const used = machine.account().since(this.#before[replica] ?? new Account());
      (replica === FIRST_PRIMARY ? primary : rest).push(used);
    }
    const roles = [this.#roleOf("primary", primary), this.#roleOf(others, rest)];
    return roles.filter(({ replicas }) => replicas > 0);
  }

  #roleOf(role: RoleUse["role"], accounts: readonly Account[]): RoleUse {
    const { duration, warmUp } = this.#scenario;
    const span = duration - warmUp;
    const count = accounts.length;
    const { count: processors, workers } = this.#cluster.profile.processors;
    const mean = (of: (account: Account) => number): number =>
      accounts.reduce((sum, account) => sum + of(account), 0) / Math.max(1, count);
    const wait = (name: "loop" | "workers" | "lane"): number =>
      mean((account) => account[name].waited / Math.max(1, account[name].jobs)) / 1000;
    const total = mean(({ cpu }) => cpu.reduce((sum, each) => sum + each, 0));
    const share = (micros: number): number => Math.min(1, micros / span);
    return {
      role,
      replicas: count,
      egress: 0,
      ingress: 0,
      sentBytes: byKind((kind) => mean(({ sentBytes }) => sentBytes[kind] ?? 0)),
      sentMessages: byKind((kind) => mean(({ sentMessages }) => sentMessages[kind] ?? 0)),
      cpuSeconds: Object.fromEntries(
        ACTIVITIES.map(([name, index]) => [name, mean(({ cpu }) => cpu[index] ?? 0) / 1_000_000]),
      ),
      busy: {
        processors: share(total / processors),
        loop: share(mean(({ loop }) => loop.busy)),
        workers: share(mean((account) => account.workers.busy) / workers),
        lane: share(mean(({ lane }) => lane.busy)),
        egress: 0,
        ingress: 0,
        link: 0,
      },
      waitMs: {
        loop: wait("loop"),
        workers: wait("workers"),
        lane: wait("lane"),
        egress: 0,
        ingress: 0,
        link: 0,
      },
    };
  }
}

function byKind(of: (kind: number) => number): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, kind] of KINDS) {
    const value = of(kind);
    if (value > 0) found[name] = value;
  }
  return found;
}

/** The busiest resource of all roles; latency, if none of them is busy. */
export function bottleneckOf(roles: readonly RoleUse[]): Bottleneck {
  let found: Bottleneck = { role: roles[0]?.role ?? "primary", resource: "latency", busy: 0 };
  for (const { role, busy } of roles) {
    for (const resource of Object.keys(busy) as Resource[]) {
      if (busy[resource] > found.busy) found = { role, resource, busy: busy[resource] };
    }
  }
  return found.busy >= LIMITING ? found : { ...found, resource: "latency" };
}
