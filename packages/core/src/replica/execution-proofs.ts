import type { JobResult } from "../effects/effects.ts";
import type { Jobs } from "../effects/jobs.ts";
import type { Port } from "../effects/port.ts";
import { ShareCollection } from "../effects/share-collection.ts";
import type { FaultModel } from "../kernel/fault-model.ts";
import type { Digest, ReplicaId, SequenceNumber } from "../kernel/ids.ts";
import { Misbehaviour } from "../kernel/misbehaviour.ts";
import type { Delivery } from "../ordering/orderer.ts";
import type { ExecutionClaim } from "../wire/claim.ts";
import { ExecProof, ExecSig } from "../wire/messages.ts";
import type { Answered, Execution } from "./executor.ts";

export interface ExecutionProofsOptions {
  readonly self: ReplicaId;
  readonly faults: FaultModel;
  readonly port: Port;
  readonly jobs: Jobs;
  /** Furthest ahead of our execution that a share of a peer is kept, in slots. */
  readonly window: number;
  /** Entries in one slot at most. */
  readonly entriesMax: number;
  /** A proof that this replica collected: its clients' replies can go out. */
  readonly proven: (proof: ExecProof, answered: readonly Answered[]) => void;
}

/** What is known of one executed entry. */
class Entry {
  readonly shares: ShareCollection = new ShareCollection();
  /** Null until we have executed it ourselves. */
  execution: Execution | null = null;
  coordinator: ReplicaId = 0;
  share: Uint8Array | null = null;
  /** Ours is verified, a peer's is not. */
  proof: ExecProof | null = null;
  /** Proofs that came before we executed, by sender. */
  early: Map<ReplicaId, ExecProof> | null = null;
  /** Ticks since we executed it without seeing a proof. */
  age = 0;
}

const ENTRIES = 65_536;
/** Entries that one tick helps. */
const HELPED_PER_TICK = 64;

/** Shares and proofs of execution, with the ladder of execution collectors (linear-hybster.md 5; paper 4.3.2). */
export class ExecutionProofs {
  readonly #options: ExecutionProofsOptions;
  readonly #entries = new Map<number, Entry>();
  /** Last slot executed to its end, as far as we were told. */
  #executed: SequenceNumber = 0;
  #unproven = 0;

  constructor(options: ExecutionProofsOptions) {
    this.#options = options;
  }

  /** Whether an executed entry has no proof yet. */
  get waiting(): boolean {
    return this.#unproven > 0;
  }

  proof(seq: SequenceNumber, entry: number): ExecProof | null {
    return this.#entries.get(seq * ENTRIES + entry)?.proof ?? null;
  }

  onExecuted(delivery: Delivery, execution: Execution): void {
    const entry = this.#claim(delivery.seq, delivery.entry);
    this.#executed = delivery.seq - 1; // The rest of the slot may have to wait.
    entry.execution = execution;
    entry.coordinator = delivery.coordinator;
    this.#unproven += 1;
    const early = entry.early?.get(delivery.coordinator);
    if (early !== undefined) this.#consider(entry, delivery.coordinator, early);
    entry.early = null;
    const claim = claimOf(delivery.seq, delivery.entry, execution.root);
    this.#options.jobs.certify(claim, (result) => {
      if (result.type === "certified") this.#onCertified(entry, claim, result.share);
    });
  }

  onExecSig(from: ReplicaId, message: ExecSig): void {
    const { window, entriesMax, port } = this.#options;
    if (message.entry >= entriesMax || message.seq > this.#executed + window) {
      return port.report(from, Misbehaviour.OutsideWatermarks);
    }
    // Below what we keep: whoever still asks for it has our proof or our plain reply to ask for.
    if (message.seq <= this.#executed && !this.#entries.has(message.seq * ENTRIES + message.entry)) return;
    const entry = this.#claim(message.seq, message.entry);
    const again = !entry.shares.add(from, message.root, message.share);
    // Whoever sends its share twice, or to another than rank 0, has not seen the proof: it was cut off, or has restarted.
    const ours = entry.coordinator === this.#options.self;
    if (entry.proof !== null && entry.execution !== null && (again || !ours))
      return port.send(from, entry.proof);
    this.#combine(entry, message.seq, message.entry);
  }

  /** Unverified: it is for clients, who verify it, and who get our plain word beside it. */
  onExecProof(from: ReplicaId, message: ExecProof): void {
    const { window, entriesMax } = this.#options;
    if (message.entry >= entriesMax || message.seq > this.#executed + window) return;
    const known = this.#entries.has(message.seq * ENTRIES + message.entry);
    if (!known && message.seq <= this.#executed) return;
    const entry = this.#claim(message.seq, message.entry);
    if (entry.execution !== null) return this.#consider(entry, from, message);
    entry.early ??= new Map();
    entry.early.set(from, message);
  }

  /** Help for entries that wait, the oldest first: our share to the next rank, past rank f to everybody, ever more rarely. */
  tick(): void {
    let helped = 0;
    for (const [key, entry] of this.#entries) {
      const { execution, share } = entry;
      if (entry.proof !== null || execution === null || share === null) continue;
      if (helped === HELPED_PER_TICK) return;
      helped += 1;
      entry.age += 1;
      const [seq, index] = [Math.floor(key / ENTRIES), key % ENTRIES];
      // It may have been executed just before its first tick.
      if (entry.age > 1) this.#climb(entry, new ExecSig({ seq, entry: index, root: execution.root, share }));
    }
  }

  /** Forgets entries up to this slot: stable checkpoints cover them. */
  retire(seq: SequenceNumber): void {
    for (const [key, entry] of this.#entries) {
      if (Math.floor(key / ENTRIES) > seq) continue;
      if (entry.execution !== null && entry.proof === null) this.#unproven -= 1;
      entry.execution = null; // A job under way may still end.
      this.#entries.delete(key);
    }
  }

  /** After a restart: the state says what is executed. */
  startFrom(seq: SequenceNumber): void {
    this.#executed = seq;
  }

  #onCertified(entry: Entry, claim: ExecutionClaim, share: Uint8Array): void {
    entry.share = share;
    entry.shares.add(this.#options.self, claim.root, share);
    const { seq, root } = claim;
    this.#sendTo(entry.coordinator, new ExecSig({ seq, entry: claim.entry, root, share }));
    this.#combine(entry, seq, claim.entry);
  }

  #climb(entry: Entry, message: ExecSig): void {
    const { f, n } = this.#options.faults;
    const rank = entry.age - 1;
    if (rank <= f) this.#sendTo((entry.coordinator + rank) % n, message);
    else if ((rank & (rank - 1)) === 0) this.#options.port.broadcast(message);
  }

  #sendTo(collector: ReplicaId, message: ExecSig): void {
    if (collector !== this.#options.self) this.#options.port.send(collector, message);
  }

  /** Only what we executed ourselves: then we know which root to collect for. */
  #combine(entry: Entry, seq: SequenceNumber, index: number): void {
    const { faults, jobs, port } = this.#options;
    if (entry.proof !== null || entry.execution === null || entry.shares.combining) return;
    const { root, answered } = entry.execution;
    const shares = entry.shares.supporting(root, faults.oneCorrect);
    if (shares.length < faults.oneCorrect) return;
    entry.shares.combining = true;
    jobs.combine(claimOf(seq, index, root), shares, (result) => {
      entry.shares.combining = false;
      if (result.type !== "combined") return;
      this.#blame(entry, result);
      if (entry.proof !== null) return;
      if (result.aggregate === null) return this.#combine(entry, seq, index);
      const proof = new ExecProof({ seq, entry: index, root, aggregate: result.aggregate });
      this.#settle(entry, proof);
      port.broadcast(proof);
      this.#options.proven(proof, answered);
    });
  }

  #blame(entry: Entry, result: JobResult & { type: "combined" }): void {
    entry.shares.condemn(result.culprits);
    for (const culprit of result.culprits) this.#options.port.report(culprit, Misbehaviour.BadShare);
  }

  /** Ends our wait, if it comes from a collector whose turn it is: others could end it with anything. */
  #consider(entry: Entry, from: ReplicaId, proof: ExecProof): void {
    const { n } = this.#options.faults;
    const rank = (from - entry.coordinator + n) % n;
    if (entry.proof !== null || rank > Math.max(0, entry.age - 1)) return;
    if (entry.execution?.root !== proof.root) {
      return this.#options.port.report(from, Misbehaviour.WrongResult);
    }
    this.#settle(entry, proof);
  }

  #settle(entry: Entry, proof: ExecProof): void {
    entry.proof = proof;
    if (entry.execution === null) return;
    this.#unproven -= 1;
    entry.execution = { root: entry.execution.root, answered: [] }; // The results are large, and no longer ours to send.
  }

  #claim(seq: SequenceNumber, index: number): Entry {
    const key = seq * ENTRIES + index;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = new Entry();
      this.#entries.set(key, entry);
    }
    return entry;
  }
}

function claimOf(seq: SequenceNumber, entry: number, root: Digest): ExecutionClaim {
  return { type: "execution", seq, entry, root };
}
