import { ConfigurationError } from "@destiny/core/kernel/configuration-error";

/** What something costs on one processor: a sum of products. Micros and nanos are of time. */
export interface Cost {
  readonly micros?: number;
  readonly nanosPerByte?: number;
  readonly microsPerCommand?: number;
  readonly microsPerRequest?: number;
  /** Per share combined, and per pair of shares. */
  readonly microsPerShare?: number;
  readonly microsPerShareSquared?: number;
  /** Of what is done anew for every receiver of a message. */
  readonly microsPerReceiver?: number;
  readonly nanosPerReceiverByte?: number;
}

/** Who pays for what. */
export interface Charge {
  /** In the serial loop. */
  readonly loop?: Cost;
  /** By a worker, before the loop goes on with it. */
  readonly before?: Cost;
  /** By a worker, while nobody waits for it. */
  readonly beside?: Cost;
  /** Where the numbers are from. */
  readonly source: string;
}

/** Charges by kind of message or job; `default` for all that are not named. */
export type Charges = Readonly<Record<string, Charge>>;

/** One kind of machine, with the software that costs so much on it. Nothing in it is about one protocol, unless its code does so. */
export interface CostProfile {
  readonly name: string;
  readonly about: string;
  readonly processors: {
    /** Of the whole machine. */
    readonly count: number;
    /** Those that workers may use; the loop has one of its own. */
    readonly workers: number;
    /** Whether all replicas run on the same processors. */
    readonly shared: boolean;
    readonly source: string;
  };
  /** Every charge times this: collection of garbage, scheduling. */
  readonly overhead: { readonly factor: number; readonly source: string };
  /** What signs in order: one lane per trusted counter, or one per replica. */
  readonly lanes: {
    readonly per: "counter" | "replica";
    /** Whether what a certificate without a share binds goes into the trusted subsystem as a whole, its batch too. */
    readonly payloadInside: boolean;
    /** What a signature takes besides processors: the way to the trusted subsystem and back, its disk. */
    readonly delayMicros: number;
    readonly source: string;
  };
  readonly network: {
    /** Each way. */
    readonly interfaceGbitPerSecond: number;
    /** What the transport adds to a message. */
    readonly overheadBytes: number;
    /** A smaller message is as long as this. */
    readonly messageBytesMin: number;
    readonly source: string;
  };
  readonly sizes: {
    readonly share: number;
    readonly aggregate: number;
    readonly resultShare: number;
    readonly resultAggregate: number;
    readonly certificate: number;
    /** What surrounds the payload of one command in a request. */
    readonly commandOverhead: number;
    readonly resultPerCommand: number;
    readonly source: string;
  };
  /** By kind of message. Bytes are those on the wire; commands and requests those of a proposal. */
  readonly receive: Charges;
  /** By kind of message, per receiver. */
  readonly send: Charges;
  /** By kind of message, once however many receivers. */
  readonly prepare: Charges;
  /** By kind of claim. Bytes are those of the claim, or of the whole message where they go into the trusted subsystem. */
  readonly certify: Charges;
  /** By scheme. */
  readonly combine: Charges;
  /** How long until a write is durable; nothing waits for that if absent. */
  readonly disk?: { readonly micros: number; readonly source: string };
  /**
   * Request, reply, execution, records for the disk, events of timers and jobs: `request`, `reply`, `execute`, `record`, `own`. Of clients, where they share
   * processors with replicas: `sign`, `verify`, per request. Of the loop's rounds, `loop.micros` alone, 0 if not named: `wake`, a message finds
   * the loop with nothing to do; `read` and `flush`, once per round and connection that is read from and written to (`rounds.ts`).
   */
  readonly other: Charges;
}

const GROUPS = ["receive", "send", "prepare", "certify", "combine", "other"] as const;
const COSTS = [
  "micros",
  "nanosPerByte",
  "microsPerCommand",
  "microsPerRequest",
  "microsPerShare",
  "microsPerShareSquared",
  "microsPerReceiver",
  "nanosPerReceiverByte",
];

/** Reads a profile. Throws {@link ConfigurationError} that names what is wrong. */
export function parseProfile(json: unknown): CostProfile {
  const profile = objectOf(json, "the profile");
  for (const name of ["name", "about"]) demand(typeof profile[name] === "string", `${name}: a text`);
  const processors = objectOf(profile["processors"], "processors");
  for (const name of ["count", "workers"]) numberOf(processors[name], `processors.${name}`);
  demand(typeof processors["shared"] === "boolean", "processors.shared: true or false");
  numberOf(objectOf(profile["overhead"], "overhead")["factor"], "overhead.factor");
  const { per, payloadInside, delayMicros } = objectOf(profile["lanes"], "lanes");
  demand(per === "counter" || per === "replica", "lanes.per: counter or replica");
  demand(typeof payloadInside === "boolean", "lanes.payloadInside: true or false");
  numberOf(delayMicros, "lanes.delayMicros");
  const network = objectOf(profile["network"], "network");
  for (const name of ["interfaceGbitPerSecond", "overheadBytes", "messageBytesMin"]) {
    numberOf(network[name], `network.${name}`);
  }
  const sizes = objectOf(profile["sizes"], "sizes");
  for (const name of ["share", "aggregate", "resultShare", "resultAggregate", "certificate"]) {
    numberOf(sizes[name], `sizes.${name}`);
  }
  for (const name of ["commandOverhead", "resultPerCommand"]) numberOf(sizes[name], `sizes.${name}`);
  for (const group of GROUPS) checkCharges(objectOf(profile[group], group), group);
  return json as CostProfile;
}

function checkCharges(charges: Record<string, unknown>, group: string): void {
  for (const [kind, charge] of Object.entries(charges)) {
    const { source, ...costs } = objectOf(charge, `${group}.${kind}`);
    demand(typeof source === "string", `${group}.${kind}.source: a text`);
    for (const [who, cost] of Object.entries(costs)) {
      const path = `${group}.${kind}.${who}`;
      demand(["loop", "before", "beside"].includes(who), `${path}: loop, before or beside`);
      for (const [name, value] of Object.entries(objectOf(cost, path))) {
        demand(COSTS.includes(name), `${path}.${name}: one of ${COSTS.join(", ")}`);
        numberOf(value, `${path}.${name}`);
      }
    }
  }
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  demand(typeof value === "object" && value !== null, `${what}: an object`);
  return value as Record<string, unknown>;
}

function numberOf(value: unknown, what: string): void {
  demand(typeof value === "number" && value >= 0, `${what}: a number, at least 0`);
}

function demand(condition: boolean, what: string): void {
  if (!condition) throw new ConfigurationError(`the cost profile needs ${what}`);
}
