import type { Effect, Job } from "@destiny/core/effects/effects";
import type { InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import type { Message } from "@destiny/core/wire/messages";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Cause, Observer } from "../stage/observer.ts";
import { Fingerprints } from "./fingerprint.ts";
import { demand } from "./violation.ts";

/** How often in a row something said before may be the answer to something said before. Campaigns have seen 4. */
export const ECHOES_MAX = 8;
/** How often in a row anything may be the answer to an answer while nothing is left to do. Campaigns have seen 8. */
export const ANSWERS_MAX = 24;
/** Messages about one slot that one event may make a replica send to one peer: proposal, votes, evidence, value, claim. */
const MESSAGES_PER_SLOT = 6;

export interface AmplificationOptions {
  readonly n: number;
  readonly faulty: ReadonlySet<ReplicaId>;
  /** Slots of the largest window: in the worst case something is said of each of them. */
  readonly slots: number;
  /** Whether there is an instance for each replica, and one for the order; else there is one. */
  readonly partitioned: () => boolean;
}

/** How many answers to answers lead to something. */
interface Row {
  /** Of them at the end of it, those that are echoes. */
  readonly echoes: number;
  /** All of them, since nothing is left to do; 0 before. */
  readonly answers: number;
}

const FIRST: Row = { echoes: 0, answers: 0 };

/**
 * L8: nothing that arrives makes correct replicas send without end. Three bounds: of messages that one event brings about; of
 * *echoes* in a row, messages that say again what their sender has told their receiver before, and that answer an echo; and
 * of answers in a row once nothing is left to do. What is said because a timer ran out, a client asked or a replica restarted
 * begins a new row, and so does whatever a faulty replica said: it can always send more.
 */
export class Amplification implements Observer {
  readonly #options: AmplificationOptions;
  /** Messages of one event that concerns one instance. */
  readonly #burstMax: number;
  readonly #fingerprints = new Fingerprints();
  /** Everything said so far, by link and content, with the row that it last ended. */
  readonly #said = new Map<string, Row>();
  /** The row that the present event goes on with, by replica; null if it begins one. */
  readonly #rows = new Map<ReplicaId, Row | null>();
  /** The same, for an effect that waits and for a job under way. */
  readonly #effects = new WeakMap<Effect, Row | null>();
  readonly #jobs = new Map<string, Row | null>();
  /** What leaves now, and how many messages it and those before it from the same event came to. */
  #leaving: Row | null = null;
  #burst = 0;
  #burstNow = 0;
  #resting = false;

  constructor(options: AmplificationOptions) {
    this.#options = options;
    this.#burstMax = MESSAGES_PER_SLOT * (options.slots + 1) * (options.n - 1);
  }

  stepping(replica: ReplicaId, cause: Cause): void {
    this.#burst = 0;
    this.#burstNow = this.#burstMax * (cause.type === "own" ? this.#instances() : 1);
    this.#rows.set(replica, this.#rowOf(replica, cause));
  }

  asked(replica: ReplicaId, effect: Effect): void {
    const row = this.#rows.get(replica) ?? null;
    this.#effects.set(effect, row);
    if (effect.type === "certify" || effect.type === "combine")
      this.#jobs.set(nameOf(replica, effect.job), row);
    if (effect.type === "broadcast") this.#count(replica, this.#options.n - 1);
    else if (effect.type === "send") this.#count(replica, 1);
  }

  left(_replica: ReplicaId, effect: Effect): void {
    this.#leaving = this.#effects.get(effect) ?? null;
  }

  /** All commands are answered, no fault is left, and all correct replicas are in the same state: they have nothing to say. */
  rest(): void {
    this.#resting = true;
  }

  sent({ from, to, instance, content }: Parcel): void {
    const { n, faulty } = this.#options;
    if (from >= n || to >= n || faulty.has(from) || faulty.has(to)) return;
    const key = this.#keyOf(from, to, instance, content);
    const row = this.#nextRow(key);
    this.#said.set(key, row);
    const what = (): string =>
      `a message of kind ${(content as Message).kind} of instance ${instance} from replica ${from} to ${to}`;
    demand(
      row.echoes <= ECHOES_MAX,
      "L8 amplification",
      () =>
        `${what()} says again what it has said before, as ${row.echoes}th answer in a row that is but that`,
    );
    demand(
      row.answers <= ANSWERS_MAX,
      "L8 amplification",
      () => `${what()} is the ${row.answers}th answer to an answer, and nothing is left to do`,
    );
  }

  /** That one event may concern: who restarts says again what is open in all of them. */
  #instances(): number {
    return this.#options.partitioned() ? this.#options.n + 1 : 1;
  }

  #nextRow(key: string): Row {
    const before = this.#leaving;
    if (before === null) return FIRST;
    const echoes = this.#said.has(key) ? before.echoes + 1 : 0;
    return { echoes, answers: this.#resting ? before.answers + 1 : 0 };
  }

  #rowOf(replica: ReplicaId, cause: Cause): Row | null {
    if (cause.type === "job") {
      const name = nameOf(replica, cause.job);
      const row = this.#jobs.get(name) ?? null;
      this.#jobs.delete(name);
      return row;
    }
    if (cause.type === "own" || this.#options.faulty.has(cause.from)) return null;
    return this.#said.get(this.#keyOf(cause.from, replica, cause.instance, cause.message)) ?? FIRST;
  }

  #count(replica: ReplicaId, messages: number): void {
    if (this.#options.faulty.has(replica)) return;
    this.#burst += messages;
    demand(
      this.#burst <= this.#burstNow,
      "L8 amplification",
      () => `one event makes replica ${replica} send more than ${this.#burstNow} messages`,
    );
  }

  #keyOf(from: ReplicaId, to: ReplicaId, instance: InstanceId, content: object): string {
    return `${from} ${to} ${instance} ${this.#fingerprints.of(content)}`;
  }
}

function nameOf(replica: ReplicaId, { instance, ticket }: Job): string {
  return `${replica} ${instance} ${ticket}`;
}
