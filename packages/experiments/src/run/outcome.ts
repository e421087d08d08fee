import type { Scenario } from "./scenario.ts";

/** Milliseconds. */
export interface Latencies {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What the replicas of one role used, per replica, over the measured span. */
export interface RoleUse {
  /** `primary` of a single order or of the O-instance, `coordinator` the others. */
  readonly role: "primary" | "coordinator" | "backup";
  readonly replicas: number;
  /** Gbit/s on the network interface. */
  readonly egress: number;
  readonly ingress: number;
  /** Bytes sent, by kind of message. */
  readonly sentBytes: Readonly<Record<string, number>>;
  /** Messages sent, by kind of message. */
  readonly sentMessages: Readonly<Record<string, number>>;
  /** Processor seconds, by what for. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** Busy shares, 0 to 1: of all processors, of the serial loop, of the workers, of the busiest in-order lane, of both directions. */
  readonly busy: Readonly<
    Record<"processors" | "loop" | "workers" | "lane" | "egress" | "ingress" | "link", number>
  >;
  /** Mean waiting, in milliseconds, in front of each of them. */
  readonly waitMs: Readonly<Record<"loop" | "workers" | "lane" | "egress" | "ingress" | "link", number>>;
}

/** What limits a run. */
export interface Bottleneck {
  readonly role: RoleUse["role"];
  readonly resource: keyof RoleUse["busy"] | "latency";
  readonly busy: number;
}

/** What one run showed. Everything but `wall` follows from the scenario. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly f: number;
  /** Commands that clients saw answered and verified in the measured span, and per second of it. */
  readonly executed: number;
  readonly throughput: number;
  readonly latencyMs: Latencies;
  readonly regions: Readonly<Record<string, { readonly throughput: number; readonly latencyMs: Latencies }>>;
  /** Commands answered in each virtual second from the start, the warm-up too. */
  readonly timeline: readonly number[];
  readonly roles: readonly RoleUse[];
  readonly bottleneck: Bottleneck;
  /** Requests given up or refused. */
  readonly errors: number;
  /** What safety oracles found: an explanation each. */
  readonly violations: readonly string[];
  readonly traceHash: string;
  readonly wall: {
    readonly seconds: number;
    /** Protocol messages delivered to replicas. */
    readonly delivered: number;
    readonly residentBytes: number;
  };
}
