import type { ReplicaId } from "@destiny/core/kernel/ids";
import { MessageKind } from "@destiny/core/wire/messages";
import { Account, Activity } from "@destiny/simulator/machine/account";
import type { EvaluationCluster } from "../run/cluster.ts";
import type { Bottleneck, RoleUse } from "../run/outcome.ts";
import { FIRST_PRIMARY } from "../run/placement.ts";
import type { Scenario } from "../run/scenario.ts";

type Resource = keyof RoleUse["busy"];

const ACTIVITIES = Object.entries(Activity).map(([name, index]) => [name.toLowerCase(), index] as const);
const KINDS = Object.entries(MessageKind);
const BITS = 8;
/** A resource that is busier than this limits; below, replicas wait for messages on their way. */
const LIMITING = 0.8;

/** One replica in the measured span. */
interface Use {
  readonly replica: ReplicaId;
  readonly account: Account;
}

/** Measures what replicas use in the measured span, by role. */
export class RoleMeter {
  readonly #cluster: EvaluationCluster;
  /** Micros. */
  readonly #span: number;
  #before: readonly Account[] = [];
  #delivered = 0;

  constructor({ duration, warmUp }: Scenario, cluster: EvaluationCluster) {
    this.#cluster = cluster;
    this.#span = duration - warmUp;
  }

  /** Messages that replicas got from the start. */
  get delivered(): number {
    return this.#delivered + this.#cluster.traffic.delivered;
  }

  begin(): void {
    const { traffic, machines } = this.#cluster;
    this.#delivered = traffic.delivered;
    traffic.reset();
    this.#before = machines.map((machine) => machine.account());
  }

  end(): RoleUse[] {
    const { machines, multiPrimary, world } = this.#cluster;
    const used = machines.map((machine, replica): Use => {
      return { replica, account: machine.account().since(this.#before[replica] ?? new Account()) };
    });
    const up = used.filter(({ replica }) => world.host(replica).alive);
    const primary = up.filter(({ replica }) => replica === FIRST_PRIMARY);
    const others = up.filter(({ replica }) => replica !== FIRST_PRIMARY);
    const roles = [
      this.#roleOf("primary", primary),
      this.#roleOf(multiPrimary ? "coordinator" : "backup", others),
    ];
    return roles.filter(({ replicas }) => replicas > 0);
  }

  #roleOf(role: RoleUse["role"], uses: readonly Use[]): RoleUse {
    const mean = (of: (account: Account) => number): number => meanOf(uses, ({ account }) => of(account));
    return {
      role,
      replicas: uses.length,
      egress: this.#gigabits(uses, this.#cluster.traffic.sentBytes),
      ingress: this.#gigabits(uses, this.#cluster.traffic.receivedBytes),
      sentBytes: byKind((kind) => mean(({ sentBytes }) => sentBytes[kind] ?? 0)),
      sentMessages: byKind((kind) => mean(({ sentMessages }) => sentMessages[kind] ?? 0)),
      cpuSeconds: Object.fromEntries(
        ACTIVITIES.map(([name, index]) => [name, mean(({ cpu }) => cpu[index] ?? 0) / 1_000_000]),
      ),
      busy: this.#busy(uses),
      waitMs: this.#waits(uses),
    };
  }

  #busy(uses: readonly Use[]): RoleUse["busy"] {
    const { traffic, links, profile } = this.#cluster;
    const { count, workers } = profile.processors;
    const mean = (of: (account: Account) => number): number => meanOf(uses, ({ account }) => of(account));
    const share = (micros: number): number => Math.min(1, micros / this.#span);
    const capacity = links.interfaceRate / 1_000;
    return {
      processors: share(mean(({ cpu }) => cpu.reduce((sum, each) => sum + each, 0)) / count),
      loop: share(mean(({ loop }) => loop.busy)),
      workers: share(mean((account) => account.workers.busy) / workers),
      lane: share(mean(({ lane }) => lane.busy)),
      egress: Math.min(1, this.#gigabits(uses, traffic.sentBytes) / capacity),
      ingress: Math.min(1, this.#gigabits(uses, traffic.receivedBytes) / capacity),
      link: Math.min(1, this.#busiestLink(uses)),
    };
  }

  #waits(uses: readonly Use[]): RoleUse["waitMs"] {
    const { traffic } = this.#cluster;
    const server = (name: "loop" | "workers" | "lane"): number =>
      meanOf(uses, ({ account }) => account[name].waited / Math.max(1, account[name].jobs)) / 1_000;
    const sent = ({ account }: Use): number => account.sentMessages.reduce((sum, each) => sum + each, 0);
    const wait = (waits: Float64Array, of: (use: Use) => number): number =>
      meanOf(uses, (use) => (waits[use.replica] ?? 0) / Math.max(1, of(use))) / 1_000;
    return {
      loop: server("loop"),
      workers: server("workers"),
      lane: server("lane"),
      egress: wait(traffic.egressWait, sent),
      ingress: wait(traffic.ingressWait, ({ replica }) => traffic.received[replica] ?? 0),
      link: wait(traffic.linkWait, sent),
    };
  }

  /** Per replica. */
  #gigabits(uses: readonly Use[], bytes: Float64Array): number {
    return (meanOf(uses, ({ replica }) => bytes[replica] ?? 0) * BITS) / this.#span / 1_000;
  }

  /** How busy the busiest link is that leads away from any of these. */
  #busiestLink(uses: readonly Use[]): number {
    const { traffic, links } = this.#cluster;
    let busiest = 0;
    for (const { replica: from } of uses) {
      for (let to = 0; to < links.n; to += 1) {
        const bytes = traffic.pairBytes[from * links.n + to] ?? 0;
        busiest = Math.max(busiest, (bytes * BITS) / this.#span / links.rate(from, to));
      }
    }
    return busiest;
  }
}

function meanOf(uses: readonly Use[], of: (use: Use) => number): number {
  return uses.reduce((sum, use) => sum + of(use), 0) / Math.max(1, uses.length);
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
