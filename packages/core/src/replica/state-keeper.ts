import type { Effect, Watermark } from "../effects/effects.ts";
import type { Jobs } from "../effects/jobs.ts";
import type { Port } from "../effects/port.ts";
import type { FaultModel } from "../kernel/fault-model.ts";
import type { Digest, ReplicaId, SequenceNumber, TimerId } from "../kernel/ids.ts";
import { InvariantViolation, invariant } from "../kernel/invariant.ts";
import { Misbehaviour } from "../kernel/misbehaviour.ts";
import type { Orderer } from "../ordering/orderer.ts";
import type { Parameters } from "../parameters.ts";
import type { PagedState } from "../service/service.ts";
import { Anchor, pageLeaf } from "../wire/anchor.ts";
import { CheckpointProof, CheckpointSig, type Message } from "../wire/messages.ts";
import { DecodeError } from "../wire/reader.ts";
import { FetchState, StateDigests, StatePages } from "../wire/state-transfer.ts";
import type { Hash } from "../wire/value.ts";
import { Anchors } from "./anchors.ts";
import { Checkpoints } from "./checkpoints.ts";
import { ReplicatedState, type Seal } from "./replicated-state.ts";
import { Need } from "./state-transfer/need.ts";
import { SHAPE_PAGE } from "./state-transfer/shape.ts";
import { type Snapshot, Snapshots } from "./state-transfer/snapshots.ts";
import { StateTransfer, type TransferProgress } from "./state-transfer/state-transfer.ts";

export interface StateKeeperOptions {
  readonly self: ReplicaId;
  readonly faults: FaultModel;
  readonly parameters: Parameters;
  readonly hash: Hash;
  readonly port: Port;
  readonly jobs: Jobs;
  readonly timer: TimerId;
  readonly clients: PagedState;
  readonly service: PagedState;
  readonly orderer: () => Orderer;
  readonly push: (effect: Effect) => void;
  /** Slots up to this one are covered by a stable checkpoint, and executed here. */
  readonly covered: (seq: SequenceNumber) => void;
  /** Clients and service are as after this slot now, without its having been executed here. */
  readonly installed: (seq: SequenceNumber) => void;
}

/** A state to restart from: what an {@link Effect} of type `save-checkpoint` once saved. */
export interface RestoredCheckpoint {
  readonly seq: SequenceNumber;
  readonly pages: readonly Uint8Array[];
  /** Earlier ones that the disk still holds, the oldest first: a peer may need just one of these. */
  readonly older?: readonly { readonly seq: SequenceNumber; readonly pages: Iterable<Uint8Array> }[];
}

/** The replicated state from the outside: taken, proven, saved, served to others, and fetched from them (dqbft.md 5). */
export class StateKeeper {
  readonly #options: StateKeeperOptions;
  readonly #state: ReplicatedState;
  readonly #checkpoints: Checkpoints;
  readonly #anchors: Anchors;
  readonly #snapshots: Snapshots;
  readonly #transfer: StateTransfer;
  readonly #need: Need;
  #checkpoint: { readonly seq: SequenceNumber; readonly root: Digest | null } = { seq: 0, root: null };
  /** The orderer's part of a restored state, until it starts from there. */
  #restored: Uint8Array | null = null;

  constructor(options: StateKeeperOptions) {
    const { self, faults, parameters, hash, port, jobs, timer, orderer } = options;
    this.#options = options;
    this.#state = new ReplicatedState(hash, options);
    this.#anchors = new Anchors(port, hash);
    const proven = (proof: CheckpointProof): void => this.#anchors.onProof(proof);
    const { orderWindow: window, checkpointPeriod: period } = parameters;
    this.#checkpoints = new Checkpoints({ self, faults, port, jobs, window, period, proven });
    const newest = (): Anchor | null => this.#anchors.newest;
    this.#snapshots = new Snapshots({ port, hash, newest });
    this.#need = new Need(window);
    this.#transfer = new StateTransfer({
      ...{ self, n: faults.n, port, hash, timer, newest },
      delay: parameters.pullDelay,
      executed: () => orderer().executed,
      own: (index) => this.#state.page(index),
      install: (anchor, pages) => this.#install(anchor, pages),
    });
  }

  /** Newest checkpoint taken here, or installed, and its digest. */
  get checkpoint(): { readonly seq: SequenceNumber; readonly root: Digest | null } {
    return this.#checkpoint;
  }

  /** The newest checkpoint of ours that is stable or covered. */
  get settled(): SequenceNumber {
    return this.#checkpoints.settled;
  }

  get anchors(): Anchors {
    return this.#anchors;
  }

  /** The state that is being fetched, if any. */
  get transfer(): TransferProgress | null {
    return this.#transfer.progress;
  }

  /** Whether others prove that they have executed more than we. */
  get behind(): boolean {
    return Math.max(this.#checkpoints.settled, this.#anchors.stable) > this.#options.orderer().executed;
  }

  /** Whether a checkpoint of ours is not stable yet. */
  get waiting(): boolean {
    return this.#checkpoints.waiting;
  }

  /** A slot is executed to its end, and a checkpoint is due after it. */
  take(seq: SequenceNumber): void {
    const part = this.#options.orderer().snapshot();
    const seal = this.#state.seal(part);
    this.#save(seq, seal);
    this.#checkpoints.onTaken(seq, seal.root);
    this.#anchors.onTaken(seq, { part, ...seal }, this.#checkpoints.proof);
  }

  /** First after construction, if there is a saved state. Throws DecodeError if it is none. */
  restore({ seq, pages, older = [] }: RestoredCheckpoint): void {
    for (const each of older) this.#snapshots.onSaved(each.seq, snapshotOf(each.pages, this.#options.hash));
    const part = this.#state.load(pages);
    const seal = this.#state.seal(part);
    this.#restored = part;
    this.#checkpoint = { seq, root: seal.root };
    this.#anchors.onTaken(seq, { part, ...seal }, null);
    this.#snapshots.onSaved(seq, seal);
  }

  /** From our own log. */
  recover(anchor: Anchor): void {
    this.#anchors.recover(anchor);
  }

  /** Starts the orderer from what was restored. */
  start(): void {
    if (this.#restored !== null) this.#options.orderer().restore(this.#restored, this.#anchors.newest);
    this.#restored = null;
  }

  /** Vouches for what was restored. */
  vouch(): void {
    const { seq, root } = this.#checkpoint;
    if (root !== null) this.#checkpoints.startFrom(seq, root);
  }

  /** Whether it is a message about states, and handled. */
  receive(from: ReplicaId, message: Message): boolean {
    if (message instanceof Anchor) this.#onAnchor(from, message);
    else if (message instanceof CheckpointSig) this.#checkpoints.onCheckpointSig(from, message);
    else if (message instanceof CheckpointProof) this.#checkpoints.onCheckpointProof(message);
    else if (message instanceof FetchState) this.#snapshots.onFetch(from, message);
    else if (message instanceof StateDigests) this.#transfer.onDigests(from, message);
    else if (message instanceof StatePages) this.#transfer.onPages(from, message);
    else return false;
    return true;
  }

  /** An instance has moved to a stable checkpoint above what is executed. */
  onOutrun(anchor: Anchor): void {
    if (this.#anchors.onAnchor(anchor)) this.#need.onOutrun(anchor);
  }

  /** The transfer's timer has fired. */
  tick(): void {
    this.#transfer.tick();
  }

  /** Checkpoints wait for shares. */
  help(): void {
    this.#checkpoints.tick();
  }

  /** A status period has passed. */
  renew(): void {
    this.#need.tick(this.#options.orderer().executed, this.#anchors.newest);
    this.#snapshots.tick();
    this.#transfer.renew();
  }

  /** What every event may have made possible: to forget what is covered, or to fetch a state. No instance is on the stack. */
  settle(): void {
    for (;;) {
      const coverage = this.#anchors.takeCoverage();
      if (coverage === null) break;
      this.#retire(this.#options.orderer().stabilise(coverage.part, coverage.anchor));
      this.#options.covered(coverage.seq);
    }
    if (this.#need.isUrgent(this.#options.orderer().executed, this.#anchors.newest)) this.#transfer.start();
  }

  #save(seq: SequenceNumber, seal: Seal): void {
    const { root, pages, pageCount } = seal;
    const kept = this.#snapshots.onSaved(seq, seal);
    this.#checkpoint = { seq, root };
    this.#options.push({ type: "save-checkpoint", checkpoint: { seq, pages, pageCount, kept } });
  }

  #onAnchor(from: ReplicaId, anchor: Anchor): void {
    if (!this.#anchors.onAnchor(anchor)) return this.#options.port.report(from, Misbehaviour.BadCertificate);
    this.#checkpoints.onCheckpointProof(anchor.proof);
  }

  /**
   * Every page was verified against the certified root, so nothing in here can fail but for a fault of our own. The state is
   * saved as one, before anything that follows from it: a crash leaves the old one or the new one.
   */
  #install(anchor: Anchor, pages: readonly Uint8Array[]): void {
    const { seq, proof, part } = anchor;
    const seal = this.#replace(pages);
    invariant(seal.root === proof.root, `the state installed at slot ${seq} is not the certified one`);
    this.#save(seq, seal);
    this.#need.onInstalled();
    this.#options.installed(seq);
    this.#anchors.onTaken(seq, { part, ...seal }, proof);
    this.#retire(this.#options.orderer().jump(anchor));
    this.#checkpoints.onInstalled(proof);
  }

  #replace(pages: readonly Uint8Array[]): Seal {
    try {
      return this.#state.replace(pages);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      // f + 1 replicas vouch for these bytes: it is this software that cannot read them.
      throw new InvariantViolation(`a certified state that this replica cannot read: ${error.message}`);
    }
  }

  #retire(watermarks: readonly Watermark[]): void {
    if (watermarks.length > 0) this.#options.push({ type: "retire", watermarks });
  }
}

/** What peers are told of a checkpoint that is on the disk alone. */
function snapshotOf(pages: Iterable<Uint8Array>, hash: Hash): Snapshot {
  const leaves: Digest[] = [];
  let shape: Uint8Array = new Uint8Array(0);
  for (const bytes of pages) {
    if (leaves.length === SHAPE_PAGE) shape = bytes;
    leaves.push(pageLeaf(leaves.length, bytes, hash));
  }
  return { leaves, shape };
}
