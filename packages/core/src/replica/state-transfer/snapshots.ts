import type { Port } from "../../effects/port.ts";
import type { Digest, ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import type { Anchor } from "../../wire/anchor.ts";
import { MerkleTree } from "../../wire/merkle.ts";
import { DIGESTS_MAX, type FetchState, type Piece, StateDigests } from "../../wire/state-transfer.ts";
import type { Hash } from "../../wire/value.ts";
import { decodeShape } from "./shape.ts";

/** Height of the subtrees that page digests are sent in. */
const SUBTREE_HEIGHT: number = Math.log2(DIGESTS_MAX);
/** Requests of one peer that are answered in one status period: 64 MiB of pages at most. */
export const REQUESTS_MAX = 128;
/** Status periods for which a pinned checkpoint waits for the next request. */
const IDLE_PERIODS_MAX = 5;
/** Status periods for which a checkpoint stays pinned at least while somebody fetches it. */
const PINNED_PERIODS = 60;
/** And bytes for each of which, beyond, one more period is granted: who is slower than that has to start anew. */
const BYTES_PER_PERIOD = 1_048_576;

/** Checkpoints that are not stable yet and stay on the disk all the same. */
const UNSTABLE_MAX = 4;

/** A checkpoint that was taken here and is on the disk: what its pages are, without the pages. */
export interface Snapshot {
  readonly leaves: readonly Digest[];
  readonly shape: Uint8Array;
}

interface Held extends Snapshot {
  readonly seq: SequenceNumber;
  readonly lengths: readonly number[];
  /** Made when first asked for. */
  tree: MerkleTree | null;
}

/** The checkpoint that somebody fetches: it stays on the disk until that has ended. */
interface Pin {
  readonly seq: SequenceNumber;
  /** Who fetches it. */
  readonly users: Set<ReplicaId>;
  idle: number;
  left: number;
}

export interface SnapshotsOptions {
  readonly port: Port;
  readonly hash: Hash;
  /** The newest stable checkpoint known. */
  readonly newest: () => Anchor | null;
}

/**
 * The checkpoints that peers may fetch: the newest stable one, those after it that may become stable next, and the one that is
 * being fetched, which would else be gone before it has left. One is pinned at a time, for everybody; whoever found another
 * one pinned comes first when that is free, so that nobody can keep all others from their turn.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #held = new Map<SequenceNumber, Held>();
  readonly #requests = new Map<ReplicaId, number>();
  #pin: Pin | null = null;
  /** Who found another one pinned than the one that it asked for. */
  readonly #waiting = new Map<ReplicaId, SequenceNumber>();
  #waited = 0;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** A checkpoint is saved. Returns which earlier ones must stay on the disk beside it. */
  onSaved(seq: SequenceNumber, { leaves, shape }: Snapshot): readonly SequenceNumber[] {
    const kept = this.#worthKeeping();
    for (const held of this.#held.keys()) if (!kept.has(held)) this.#held.delete(held);
    this.#held.set(seq, { seq, leaves, shape, lengths: decodeShape(shape), tree: null });
    return [...kept].sort((a, b) => a - b);
  }

  onFetch(from: ReplicaId, request: FetchState): void {
    const requests = (this.#requests.get(from) ?? 0) + 1;
    this.#requests.set(from, requests);
    if (requests > REQUESTS_MAX) return this.#options.port.report(from, Misbehaviour.TooManyPulls);
    const held = this.#held.get(request.seq);
    if (held === undefined) return this.#decline(from, request);
    this.#grant(from, held);
    if (request.pieces.length === 0) this.#sendDigests(from, held, request);
    else if (request.pieces.every((piece) => isWithin(piece, held.lengths))) {
      const { seq, ticket, pieces } = request;
      this.#options.port.serveState({ to: from, seq, ticket, pieces });
    } else this.#options.port.report(from, Misbehaviour.NotForUs);
  }

  /** A status period has passed. */
  tick(): void {
    this.#requests.clear();
    if (this.#pin === null) {
      this.#waited += 1;
      if (this.#waited > IDLE_PERIODS_MAX) this.#waiting.clear();
      return;
    }
    this.#pin.idle += 1;
    this.#pin.left -= 1;
    if (this.#pin.idle > IDLE_PERIODS_MAX || this.#pin.left <= 0) this.#pin = null;
    this.#waited = 0;
  }

  /** The pinned one, the newest that is stable, and those after it: they may be stable next. */
  #worthKeeping(): Set<SequenceNumber> {
    const stable = this.#options.newest()?.seq ?? 0;
    const seqs = [...this.#held.keys()].sort((a, b) => a - b);
    const covered = seqs.filter((seq) => seq <= stable).slice(-1);
    const kept = new Set([...covered, ...seqs.filter((seq) => seq > stable).slice(-UNSTABLE_MAX)]);
    if (this.#pin !== null && this.#held.has(this.#pin.seq)) kept.add(this.#pin.seq);
    return kept;
  }

  /** It is not here, or not any more. What is here is offered in its place, and kept for a moment. */
  #decline(from: ReplicaId, { seq, ticket, first }: FetchState): void {
    const { port, newest } = this.#options;
    const anchor = newest();
    if (anchor !== null && anchor.seq > seq) {
      const held = this.#held.get(anchor.seq);
      if (held !== undefined) this.#grant(from, held);
      port.send(from, anchor);
    }
    const nothing = { digests: [], path: [], shape: new Uint8Array(0) };
    port.send(from, new StateDigests({ seq, ticket, first, ...nothing }));
  }

  #grant(from: ReplicaId, held: Held): void {
    const pin = this.#pin;
    if (pin?.seq === held.seq) {
      pin.users.add(from);
      pin.idle = 0;
      return;
    }
    pin?.users.delete(from); // It has what it wanted, or wants it no more.
    if (pin !== null && pin.users.size > 0) return void this.#waiting.set(from, held.seq);
    const waitedFor = new Set(this.#waiting.values());
    const next = waitedFor.size === 0 || this.#waiting.has(from) || waitedFor.has(held.seq);
    this.#pin = next ? pinOf(held, from) : null;
    if (next) this.#waiting.clear();
  }

  #sendDigests(to: ReplicaId, held: Held, { seq, ticket, first }: FetchState): void {
    const { port, hash } = this.#options;
    if (first % DIGESTS_MAX !== 0 || first >= held.leaves.length) {
      return port.report(to, Misbehaviour.NotForUs);
    }
    held.tree ??= new MerkleTree(held.leaves, hash);
    const path = held.tree.path(first / DIGESTS_MAX, SUBTREE_HEIGHT);
    const digests = held.leaves.slice(first, first + DIGESTS_MAX);
    const shape = first === 0 ? held.shape : new Uint8Array(0);
    port.send(to, new StateDigests({ seq, ticket, first, digests, path, shape }));
  }
}

function pinOf({ seq, lengths }: Held, user: ReplicaId): Pin {
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  const left = PINNED_PERIODS + Math.ceil(bytes / BYTES_PER_PERIOD);
  return { seq, users: new Set([user]), idle: 0, left };
}

function isWithin({ index, offset, length }: Piece, lengths: readonly number[]): boolean {
  const pageBytes = lengths[index];
  return pageBytes !== undefined && offset + length <= pageBytes;
}
