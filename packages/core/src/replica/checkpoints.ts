import type { Jobs } from "../effects/jobs.ts";
import type { Port } from "../effects/port.ts";
import { ShareCollection } from "../effects/share-collection.ts";
import type { FaultModel } from "../kernel/fault-model.ts";
import type { Digest, ReplicaId, SequenceNumber } from "../kernel/ids.ts";
import { invariant, present } from "../kernel/invariant.ts";
import { Misbehaviour } from "../kernel/misbehaviour.ts";
import { strideOf } from "../kernel/stride.ts";
import { checkpointClaim } from "../wire/checkpoint-claim.ts";
import { CheckpointProof, CheckpointSig } from "../wire/messages.ts";

/** Of the cluster, from one collector to the next. */
const HALF = 0.5;

export interface CheckpointsOptions {
  readonly self: ReplicaId;
  readonly faults: FaultModel;
  readonly port: Port;
  readonly jobs: Jobs;
  /** Furthest ahead of our execution that a share of a peer is kept, in slots. */
  readonly window: number;
  /** Slots from one checkpoint to the next: `K`. */
  readonly period: number;
  /** A newer checkpoint is proven, perhaps one that we have not taken. */
  readonly proven: (proof: CheckpointProof) => void;
}

class Checkpoint {
  readonly shares: ShareCollection = new ShareCollection();
  /** Null until we took it. */
  root: Digest | null = null;
  share: Uint8Array | null = null;
  age = 0;
  /** Who was given our share, one after the other. */
  readonly collectors: ReplicaId[] = [];
}

/** Agreement on state digests: an aggregate of enough shares makes a checkpoint stable (linear-hybster.md 5, sbft.md 6). */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #pending = new Map<SequenceNumber, Checkpoint>();
  #taken: SequenceNumber = 0;
  #settled: SequenceNumber = 0;
  /** Collectors that left us waiting, and that we have not heard of since: asked last. */
  readonly #silent = new Set<ReplicaId>();
  /** The newest proof known, perhaps of a slot that we have not executed. */
  #proof: CheckpointProof | null = null;

  /** From one collector to the next: everybody has a turn. */
  readonly #stride: number;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#stride = strideOf(options.faults.n, HALF);
  }

  /** The newest stable checkpoint known here. */
  get proof(): CheckpointProof | null {
    return this.#proof;
  }

  /** The newest checkpoint that we took and that is stable or covered. */
  get settled(): SequenceNumber {
    return this.#settled;
  }

  /** Whether a checkpoint of ours is not stable yet. */
  get waiting(): boolean {
    return this.#settled < this.#taken;
  }

  onTaken(seq: SequenceNumber, root: Digest): void {
    const checkpoint = this.#claim(seq);
    checkpoint.root = root;
    this.#taken = seq;
    if (this.#proof !== null && this.#proof.seq >= seq) return this.#settle(this.#proof);
    const claim = checkpointClaim(this.#options.faults, { seq, root });
    this.#options.jobs.certify(claim, (result) => {
      if (result.type !== "certified") return;
      checkpoint.share = result.share;
      checkpoint.shares.add(this.#options.self, root, result.share);
      this.#sendShare(seq, checkpoint);
      this.#combine(seq, checkpoint);
    });
  }

  onCheckpointSig(from: ReplicaId, message: CheckpointSig): void {
    const { window, port } = this.#options;
    this.#silent.delete(from);
    if (this.#proof !== null && message.seq <= this.#proof.seq) {
      // A straggler: the proof serves it better than its share serves us.
      if (message.seq === this.#proof.seq) port.send(from, this.#proof);
      return;
    }
    if (message.seq > this.#taken + window) return port.report(from, Misbehaviour.OutsideWatermarks);
    const checkpoint = this.#claim(message.seq);
    checkpoint.shares.add(from, message.root, message.share);
    this.#combine(message.seq, checkpoint);
  }

  /** The edge has verified it. */
  onCheckpointProof(message: CheckpointProof): void {
    if (this.#proof !== null && message.seq <= this.#proof.seq) return;
    this.#proof = message;
    this.#settle(message);
    this.#options.proven(message);
  }

  /** A checkpoint has its own ladder: no view change would replace a collector that withholds it. */
  tick(): void {
    for (const [seq, checkpoint] of this.#pending) {
      if (seq <= this.#settled || checkpoint.share === null) continue;
      checkpoint.age += 1;
      if (checkpoint.age <= 1) continue;
      this.#passOver(checkpoint);
      this.#sendShare(seq, checkpoint);
    }
  }

  /** The state that this proves was transferred, and is ours now: said to all, as it was not executed here (dqbft.md 5). */
  onInstalled(proof: CheckpointProof): void {
    const { seq, root } = proof;
    this.#taken = Math.max(this.#taken, seq);
    this.#settled = Math.max(this.#settled, seq);
    for (const pending of this.#pending.keys()) if (pending <= seq) this.#pending.delete(pending);
    if (this.#proof === null || this.#proof.seq < seq) this.#proof = proof;
    const claim = checkpointClaim(this.#options.faults, proof);
    this.#options.jobs.certify(claim, (result) => {
      if (result.type !== "certified") return;
      this.#options.port.broadcast(new CheckpointSig({ seq, root, share: result.share }));
    });
  }

  /** After a restart from the checkpoint at `seq`. */
  startFrom(seq: SequenceNumber, root: Digest): void {
    this.#taken = seq;
    if (seq > 0) this.onTaken(seq, root);
  }

  /** To its collector; then, while no proof comes, to as many more as were asked so far; in the end to all. */
  #sendShare(seq: SequenceNumber, checkpoint: Checkpoint): void {
    const { self, faults, port } = this.#options;
    invariant(checkpoint.root !== null && checkpoint.share !== null, "a share of ours");
    const message = new CheckpointSig({ seq, root: checkpoint.root, share: checkpoint.share });
    const { collectors } = checkpoint;
    if (collectors.length > faults.f) return port.broadcast(message);
    for (let more = Math.max(1, collectors.length); more > 0 && collectors.length < faults.n; more -= 1) {
      const collector = this.#nextCollector(seq, collectors);
      collectors.push(collector);
      if (collector !== self) port.send(collector, message);
    }
  }

  /** Its collectors have made no proof of it in time. */
  #passOver({ collectors }: Checkpoint): void {
    for (const collector of collectors) if (collector !== this.#options.self) this.#silent.add(collector);
  }

  /**
   * They take turns, by count: `seq` alone may share a divisor with n. One after the other they are half of the cluster apart: replicas
   * that fail together are often neighbours, and the window is full when two checkpoints in a row have no collector.
   */
  #nextCollector(seq: SequenceNumber, asked: readonly ReplicaId[]): ReplicaId {
    const { faults, period } = this.#options;
    const count = Math.floor(seq / period);
    const ring = Array.from({ length: faults.n }, (_, rank) => ((count + rank) * this.#stride) % faults.n);
    const left = ring.filter((replica) => !asked.includes(replica));
    return present(left.find((replica) => !this.#silent.has(replica)) ?? left[0], "one of more than f");
  }

  #combine(seq: SequenceNumber, checkpoint: Checkpoint): void {
    const { faults, jobs, port } = this.#options;
    const { root, shares } = checkpoint;
    if (root === null || shares.combining || (this.#proof !== null && this.#proof.seq >= seq)) return;
    const supporting = shares.supporting(root, faults.stability);
    if (supporting.length < faults.stability) return;
    shares.combining = true;
    jobs.combine(checkpointClaim(faults, { seq, root }), supporting, (result) => {
      shares.combining = false;
      if (result.type !== "combined") return;
      shares.condemn(result.culprits);
      for (const culprit of result.culprits) port.report(culprit, Misbehaviour.BadShare);
      if (this.#proof !== null && this.#proof.seq >= seq) return;
      if (result.aggregate === null) return this.#combine(seq, checkpoint);
      const proof = new CheckpointProof({ seq, root, aggregate: result.aggregate });
      port.broadcast(proof);
      this.onCheckpointProof(proof);
    });
  }

  /** What a stable checkpoint covers and we have taken ourselves can go. */
  #settle(proof: CheckpointProof): void {
    const own = this.#pending.get(proof.seq)?.root ?? proof.root;
    invariant(own === proof.root, `our state at slot ${proof.seq} differs from the proven one`);
    const covered = Math.min(proof.seq, this.#taken);
    let newest = this.#settled;
    for (const [seq, checkpoint] of this.#pending) {
      if (seq > covered) continue;
      if (checkpoint.root !== null) newest = Math.max(newest, seq);
      if (seq < proof.seq) this.#passOver(checkpoint);
      this.#pending.delete(seq);
    }
    this.#settled = newest;
  }

  #claim(seq: SequenceNumber): Checkpoint {
    let checkpoint = this.#pending.get(seq);
    if (checkpoint === undefined) {
      checkpoint = new Checkpoint();
      this.#pending.set(seq, checkpoint);
    }
    return checkpoint;
  }
}
