import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { AssignRequest } from "@destiny/core/wire/messages";

/** Hints followed between two replies: replicas that send a client in circles lose it to the ladder. */
const HOPS_MAX = 3;

/** Whom a client believes to coordinate it. Only a belief: a wrong one costs time, never safety. */
export class Coordination {
  readonly #faults: FaultModel;
  readonly #hints = new Map<ReplicaId, ReplicaId>();
  /** Whom each replica last said to serve nobody. */
  readonly #away = new Map<ReplicaId, ReadonlySet<ReplicaId>>();
  #coordinator: ReplicaId | null = null;
  #wish: AssignRequest | null = null;
  #hops = 0;
  #wishes = 0;

  constructor(faults: FaultModel) {
    this.#faults = faults;
  }

  /** Null until a replica was asked. */
  get coordinator(): ReplicaId | null {
    return this.#coordinator;
  }

  /** The wish for another coordinator that has had no answer yet, for replicas that have not got it. */
  get wish(): AssignRequest | null {
    return this.#wish;
  }

  /**
   * A replica names our coordinator. Believed at once from the one that we took for it, for who does not want us will
   * not serve us, and otherwise when as many agree as hold a correct one. Not believed while a wish is under way:
   * those who have not executed it name the one that we leave. True if the coordinator is another now.
   */
  hint(from: ReplicaId, named: ReplicaId): boolean {
    this.#hints.set(from, named);
    if (named === this.#coordinator || this.#wish !== null || this.#hops >= HOPS_MAX) return false;
    const sure = this.#coordinator === null || from === this.#coordinator;
    if (!sure && this.#agreeing(named) < this.#faults.oneCorrect) return false;
    if (this.#coordinator !== null) this.#hops += 1;
    this.#coordinator = named;
    this.#hints.clear();
    return true;
  }

  /** A replica names all coordinators that serve nobody now (dqbft.md H25). */
  hintAway(from: ReplicaId, away: readonly ReplicaId[]): void {
    this.#away.set(from, new Set(away));
  }

  /** Whether as many replicas say so as hold a correct one. */
  isAway(replica: ReplicaId): boolean {
    let count = 0;
    for (const away of this.#away.values()) if (away.has(replica)) count += 1;
    return count >= this.#faults.oneCorrect;
  }

  /** Whom to wish for: the next in ring order of those that may be asked, and of these one that may serve us if any does. */
  successor(may: (replica: ReplicaId) => boolean): ReplicaId | undefined {
    const { n } = this.#faults;
    const ring = Array.from({ length: n - 1 }, (_, step) => ((this.#coordinator ?? 0) + step + 1) % n);
    const asked = ring.filter(may);
    return asked.find((replica) => !this.isAway(replica)) ?? asked[0];
  }

  /** Whether our coordinator is away, and there is one to wish for that is not. */
  mustLeave(may: (replica: ReplicaId) => boolean): boolean {
    if (this.#coordinator === null || !this.isAway(this.#coordinator)) return false;
    const next = this.successor(may);
    return next !== undefined && !this.isAway(next);
  }

  /** Whether all have been wished for since the last reply: perhaps the cluster knows later nonces of ours than these. */
  get wishedInVain(): boolean {
    return this.#wishes >= this.#faults.n;
  }

  /** Moves to the coordinator that the wish names. */
  wishFor(wish: AssignRequest): void {
    this.#wish = wish;
    this.#coordinator = wish.coordinator;
    this.#wishes += 1;
    this.#hints.clear();
  }

  /** A reply came: whatever was done helped. */
  served(): void {
    this.#wish = null;
    this.#hops = 0;
    this.#wishes = 0;
    this.#away.clear();
  }

  #agreeing(named: ReplicaId): number {
    let count = 0;
    for (const each of this.#hints.values()) if (each === named) count += 1;
    return count;
  }
}
