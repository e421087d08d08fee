import type { ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
import type { Evidence, Proposal } from "../../wire/messages.ts";
import type { Assignments } from "./assignments.ts";
import { isPessimistic } from "./gate.ts";
import type { Entry } from "./order-value.ts";

/** What the O-primary proposes next: entries, and one item of evidence per reference. */
export interface OrderProposal {
  readonly entries: readonly Entry[];
  readonly evidence: readonly Evidence[];
}

export interface OrderQueueLimits {
  readonly n: number;
  readonly entriesMax: number;
  readonly referencesPerInstanceMax: number;
  readonly assignmentsMax: number;
  readonly optimisticMax: number;
  readonly ordering: "optimistic" | "pessimistic";
}

/** What the queue asks about a D-instance. */
export interface Disseminators {
  /** Next slot that the O-log has no reference to. */
  next(instance: ReplicaId): SequenceNumber;
  /** The header of a slot, of its present view. */
  header(instance: ReplicaId, seq: SequenceNumber): Proposal | undefined;
  /** Proof that the slot is decided, if it is here. */
  certificate(instance: ReplicaId, seq: SequenceNumber): Evidence | null;
  /** Every slot up to this one is decided here. */
  decided(instance: ReplicaId): SequenceNumber;
  /** Whether it decides far later than the others (dqbft.md H35). */
  isSlow(instance: ReplicaId): boolean;
}

/** The O-primary's queue (dqbft.md 4.2): round robin over the D-instances, the own one not privileged. */
export class OrderQueue {
  readonly #limits: OrderQueueLimits;
  readonly #disseminators: Disseminators;
  readonly #assignments: Assignments;
  #turn: ReplicaId = 0;

  constructor(limits: OrderQueueLimits, disseminators: Disseminators, assignments: Assignments) {
    this.#limits = limits;
    this.#disseminators = disseminators;
    this.#assignments = assignments;
  }

  /** How many entries could be proposed now, counted up to the size of one O-value. */
  available(): number {
    let count = Math.min(this.#assignments.waiting, this.#limits.assignmentsMax);
    for (let instance = 0; instance < this.#limits.n && count < this.#limits.entriesMax; instance += 1) {
      count += this.#ready(instance);
    }
    return Math.min(count, this.#limits.entriesMax);
  }

  /** Takes what goes into the next O-value. */
  take(): OrderProposal {
    const { n, entriesMax, assignmentsMax } = this.#limits;
    const entries: Entry[] = this.#assignments.take(Math.min(assignmentsMax, entriesMax));
    const evidence: Evidence[] = [];
    for (let visited = 0; visited < n && entries.length < entriesMax; visited += 1) {
      const instance = this.#turn;
      this.#turn = (this.#turn + 1) % n;
      const room = Math.min(this.#ready(instance), entriesMax - entries.length);
      const first = this.#disseminators.next(instance);
      for (let seq = first; seq < first + room; seq += 1) {
        entries.push({ type: "reference", instance, seq });
        evidence.push(present(this.#evidence(instance, seq), "a ready reference has its evidence"));
      }
    }
    return { entries, evidence };
  }

  /** References of this instance that may be proposed now, up to `b`. */
  #ready(instance: ReplicaId): number {
    const first = this.#disseminators.next(instance);
    let count = 0;
    while (
      count < this.#limits.referencesPerInstanceMax &&
      this.#evidence(instance, first + count) !== null
    ) {
      count += 1;
    }
    return count;
  }

  /**
   * A proven dissemination is exempt from `qOpt`, and a header is enough outside probation while fewer than `qOpt` of this
   * instance's references wait for theirs. Being more pessimistic than required is always allowed.
   */
  #evidence(instance: ReplicaId, seq: SequenceNumber): Evidence | null {
    const header = this.#disseminators.header(instance, seq);
    if (header !== undefined && !isPessimistic(header) && this.#mayTrust(instance, seq)) {
      return { instance, message: header };
    }
    return this.#disseminators.certificate(instance, seq);
  }

  #mayTrust(instance: ReplicaId, seq: SequenceNumber): boolean {
    if (this.#limits.ordering === "pessimistic") return false;
    const ahead = seq - this.#disseminators.decided(instance);
    return ahead <= this.#limits.optimisticMax && !this.#disseminators.isSlow(instance);
  }
}
