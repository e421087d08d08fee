import type { Digest, ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
import type { AssignRequest, Evidence, Proposal } from "../../wire/messages.ts";
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
export interface Disseminator {
  /** Next slot that the O-log has no reference to. */
  next(instance: ReplicaId): SequenceNumber;
  /** Proof that the slot is decided, if it is here. */
  certificate(instance: ReplicaId, seq: SequenceNumber): Evidence | null;
  /** Every slot up to this one is decided here. */
  decided(instance: ReplicaId): SequenceNumber;
}

/** Assignments that may wait, for all clients together. */
const ASSIGNMENTS_MAX = 1024;

/** The O-primary's queue (dqbft.md 4.2): round robin over the D-instances, the own one not privileged. */
export class OrderQueue {
  readonly #limits: OrderQueueLimits;
  readonly #disseminator: Disseminator;
  /** Headers seen and not yet below the low watermark, by D-instance and slot. */
  readonly #headers: Map<SequenceNumber, Proposal>[];
  /** By client: the newest assignment that has not executed, and whether it was proposed here. */
  readonly #assignments = new Map<Digest, { readonly request: AssignRequest; proposed: boolean }>();
  /** How many of them were not. */
  #assignmentsWaiting = 0;
  #turn: ReplicaId = 0;

  constructor(limits: OrderQueueLimits, disseminator: Disseminator) {
    this.#limits = limits;
    this.#disseminator = disseminator;
    this.#headers = Array.from({ length: limits.n }, () => new Map<SequenceNumber, Proposal>());
  }

  /** A header of the D-instance's present view. */
  offer(instance: ReplicaId, header: Proposal): void {
    this.#of(instance).set(header.seq, header);
  }

  /** One assignment per client waits: the newest. */
  offerAssignment(request: AssignRequest): void {
    const waiting = this.#assignments.get(request.client);
    if (waiting !== undefined && waiting.request.nonce >= request.nonce) return;
    if (waiting === undefined && this.#assignments.size >= ASSIGNMENTS_MAX) return;
    if (waiting === undefined || waiting.proposed) this.#assignmentsWaiting += 1;
    this.#assignments.set(request.client, { request, proposed: false });
  }

  /** An assignment has executed: it, and older ones of its client, need not be ordered any more. */
  settleAssignment({ client, nonce }: AssignRequest): void {
    const waiting = this.#assignments.get(client);
    if (waiting === undefined || waiting.request.nonce > nonce) return;
    if (!waiting.proposed) this.#assignmentsWaiting -= 1;
    this.#assignments.delete(client);
  }

  /** How many entries could be proposed now, counted up to the size of one O-value. */
  available(): number {
    let count = Math.min(this.#assignmentsWaiting, this.#limits.assignmentsMax);
    for (let instance = 0; instance < this.#limits.n && count < this.#limits.entriesMax; instance += 1) {
      count += this.#ready(instance);
    }
    return Math.min(count, this.#limits.entriesMax);
  }

  /** Takes what goes into the next O-value. */
  take(): OrderProposal {
    const entries: Entry[] = this.#takeAssignments();
    const evidence: Evidence[] = [];
    const { n, entriesMax } = this.#limits;
    for (let visited = 0; visited < n && entries.length < entriesMax; visited += 1) {
      const instance = this.#turn;
      this.#turn = (this.#turn + 1) % n;
      const room = Math.min(this.#ready(instance), entriesMax - entries.length);
      const first = this.#disseminator.next(instance);
      for (let seq = first; seq < first + room; seq += 1) {
        entries.push({ type: "reference", instance, seq });
        evidence.push(present(this.#evidence(instance, seq), "a ready reference has its evidence"));
      }
    }
    return { entries, evidence };
  }

  /** Forgets headers up to the low watermark. */
  advance(instance: ReplicaId, low: SequenceNumber): void {
    const headers = this.#of(instance);
    for (const seq of headers.keys()) if (seq <= low) headers.delete(seq);
  }

  #takeAssignments(): Entry[] {
    const entries: Entry[] = [];
    const max = Math.min(this.#limits.assignmentsMax, this.#limits.entriesMax);
    if (this.#assignmentsWaiting === 0) return entries;
    for (const assignment of this.#assignments.values()) {
      if (entries.length >= max) break;
      if (assignment.proposed) continue;
      assignment.proposed = true;
      this.#assignmentsWaiting -= 1;
      entries.push({ type: "assign", request: assignment.request });
    }
    return entries;
  }

  /** References of this instance that may be proposed now, up to `b`. */
  #ready(instance: ReplicaId): number {
    const first = this.#disseminator.next(instance);
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
    const header = this.#of(instance).get(seq);
    const ahead = seq - this.#disseminator.decided(instance);
    const optimistic = this.#limits.ordering === "optimistic" && ahead <= this.#limits.optimisticMax;
    if (header !== undefined && optimistic && !isPessimistic(header)) return { instance, message: header };
    return this.#disseminator.certificate(instance, seq);
  }

  #of(instance: ReplicaId): Map<SequenceNumber, Proposal> {
    return present(this.#headers[instance], "a D-instance of this cluster");
  }
}
