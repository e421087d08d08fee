import { findProtocol } from "@destiny/core/catalogue";
import type { InstanceId, Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { Random } from "@destiny/core/kernel/random";
import type { Parameters } from "@destiny/core/parameters";
import type { Admission } from "@destiny/core/replica/executor";
import type { Replica } from "@destiny/core/replica/replica";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import { type Message, MessageKind } from "@destiny/core/wire/messages";
import { decodeOutcome } from "@destiny/core/wire/reply";
import { encodeUtf8 } from "@destiny/core/wire/utf8";
import type { SimulatedClient, Submission } from "@destiny/simulator/clients/client";
import { Simulation } from "@destiny/simulator/cluster/simulation";
import type { Report } from "@destiny/simulator/cluster/world";
import type { Delays } from "@destiny/simulator/machine/fixed-delays";
import type { LatencyModel } from "@destiny/simulator/network/latency";
import type { Parcel, RuleHandle } from "@destiny/simulator/network/network";
import { Ledger } from "./ledger.ts";

export interface ClusterOptions {
  readonly n: number;
  readonly seed: number;
  readonly parameters?: Partial<Parameters>;
  readonly latency?: (random: Random) => LatencyModel;
  readonly delays?: Partial<Delays>;
  readonly admission?: Admission;
  readonly retryMicros?: Micros | null;
  readonly readmission?: boolean;
}

/** A message between replicas, on its way. */
export interface Letter {
  readonly from: ReplicaId;
  readonly to: ReplicaId;
  readonly instance: InstanceId;
  readonly message: Message;
}

export type LetterRule = (letter: Letter) => boolean;

const SETTLE_MICROS: Micros = 60_000_000;

/** Statuses go out when the test says so: they would heal what it broke. */
const QUIET: Partial<Parameters> = { statusPeriod: 3_600_000_000 };

/** A simulated cluster as a test wants to speak of it. */
export class Cluster {
  readonly n: number;
  readonly simulation: Simulation<Ledger>;
  /** Messages between replicas sent so far, lost and held ones too. */
  readonly sent: Letter[] = [];
  readonly #clients = new Map<ReplicaId, SimulatedClient>();
  readonly #rules: RuleHandle[] = [];

  private constructor(name: string, options: ClusterOptions) {
    const protocol = present(findProtocol(name), `a protocol of this name, ${name}`);
    this.n = options.n;
    const parameters = { ...QUIET, ...options.parameters };
    this.simulation = new Simulation({ ...options, parameters, protocol, service: () => new Ledger() });
    this.simulation.world.network.watch((parcel) => {
      const letter = asLetter(parcel, this.n);
      if (letter !== null) this.sent.push(letter);
    });
    this.settle();
    this.sent.length = 0; // What starting took is not what the test counts.
  }

  static of(name: string, options: ClusterOptions): Cluster {
    return new Cluster(name, options);
  }

  /** The instance in which this replica disseminates. */
  dInstance(coordinator: ReplicaId): InstanceId {
    return coordinator;
  }

  get oInstance(): InstanceId {
    return this.n;
  }

  get now(): Micros {
    return this.simulation.world.engine.now;
  }

  get traceHash(): string {
    return this.simulation.world.trace.hash;
  }

  get reports(): readonly Report[] {
    return this.simulation.world.reports;
  }

  replica(self: ReplicaId): Replica {
    return this.simulation.replica(self);
  }

  get replicas(): readonly ReplicaId[] {
    return Array.from({ length: this.n }, (_, self) => self);
  }

  /** The client whose coordinator this is, the same at every call. */
  client(coordinator: ReplicaId): SimulatedClient {
    const found = this.#clients.get(coordinator);
    if (found !== undefined) return found;
    const client = this.simulation.addClient(coordinator);
    this.#clients.set(coordinator, client);
    return client;
  }

  /** Submits a request of these commands, as the client whose coordinator this is. */
  submit(coordinator: ReplicaId, ...commands: string[]): Submission {
    return this.client(coordinator).submit(commands.map(commandOf));
  }

  /** Keeps messages back from now on, until {@link release}. */
  hold(rule: LetterRule): RuleHandle {
    return this.#apply(rule, (parcelRule) => this.simulation.world.network.hold(parcelRule));
  }

  /** Loses messages from now on, until {@link release}. */
  drop(rule: LetterRule): RuleHandle {
    return this.#apply(rule, (parcelRule) => this.simulation.world.network.drop(parcelRule));
  }

  /** Lifts all rules; what was held arrives. */
  release(): void {
    for (const handle of this.#rules.splice(0)) handle.lift();
  }

  crash(replica: ReplicaId): void {
    this.simulation.crash(replica);
  }

  restart(replica: ReplicaId): void {
    this.simulation.restart(replica);
  }

  /** Runs until everything is at rest, or for a minute; whether it came to rest. */
  settle(): boolean {
    return this.simulation.world.settle(SETTLE_MICROS);
  }

  /** Runs for a span of time. */
  run(span: Micros): void {
    this.simulation.world.run(span);
  }

  /** The commands that this replica has executed, in order. */
  executed(replica: ReplicaId): readonly string[] {
    return this.simulation.service(replica).commands;
  }

  /** Messages sent between replicas: of this kind, of this instance, both if both are given. */
  count(kind: MessageKind, instance?: InstanceId): number {
    return this.sent.filter(
      (letter) => letter.message.kind === kind && (instance === undefined || letter.instance === instance),
    ).length;
  }

  /** Messages sent between replicas by kind, of this instance alone if one is given, in the protocol's words. */
  counts(instance?: InstanceId): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { message, instance: of } of this.sent) {
      if (instance !== undefined && of !== instance) continue;
      const name = nameOf(message.kind);
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  #apply(rule: LetterRule, put: (rule: (parcel: Parcel) => boolean) => RuleHandle): RuleHandle {
    const handle = put((parcel) => {
      const letter = asLetter(parcel, this.n);
      return letter !== null && rule(letter);
    });
    this.#rules.push(handle);
    return handle;
  }
}

/** The operation that makes a {@link Ledger} note this command. */
export function commandOf(command: string): Uint8Array {
  return encodeOperation(OperationKind.Command, encodeUtf8(command));
}

/** The places in the ledger that a reply names. */
export function placesIn(submission: Submission): (number | "failed")[] {
  return (submission.results ?? []).map((bytes) => {
    const outcome = decodeOutcome(bytes);
    if (!outcome.ok) return "failed";
    return new DataView(outcome.result.buffer, outcome.result.byteOffset).getUint32(0, true);
  });
}

function asLetter(parcel: Parcel, n: number): Letter | null {
  const { from, to, instance, content } = parcel;
  return from < n && to < n ? { from, to, instance, message: content as Message } : null;
}

function nameOf(kind: MessageKind): string {
  return Object.entries(MessageKind).find(([, value]) => value === kind)?.[0] ?? `${kind}`;
}
