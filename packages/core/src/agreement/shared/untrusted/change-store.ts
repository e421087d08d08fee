import type { Digest, ReplicaId, View } from "../../../kernel/ids.ts";
import type { PbftViewChangeAck, ViewChangeName } from "../../../wire/pbft.ts";
import type { Change } from "./changes.ts";

/** A view change with the digest of its content. */
export interface Held<C extends Change> {
  readonly message: C;
  readonly digest: Digest;
}

interface Acknowledged {
  readonly view: View;
  readonly digest: Digest;
}

/**
 * View changes of others, and what others say of them. Of each sender one for the view that this replica is changing to, and
 * the newest of those above (dqbft.md 5); acknowledgements likewise; vouchers only for what a NewView names.
 */
export class ChangeStore<C extends Change> {
  readonly #vouchersNeeded: number;
  #view: View = 0;
  #current = new Map<ReplicaId, Held<C>>();
  readonly #newer = new Map<ReplicaId, Held<C>>();
  /** By whom it is about, then by whom it is from. */
  readonly #acks = new Map<ReplicaId, Map<ReplicaId, Acknowledged>>();
  readonly #vouched = new Map<Digest, { readonly held: Held<C>; readonly by: Set<ReplicaId> }>();

  /** `vouchersNeeded`: how many replicas must have found a view change authentic for us to believe it (pbft.md 7). */
  constructor(vouchersNeeded: number) {
    this.#vouchersNeeded = vouchersNeeded;
  }

  /** This replica changes to another view. */
  moveTo(view: View): void {
    this.#view = view;
    this.#current = new Map([...this.#newer].filter(([, { message }]) => message.view === view));
    for (const [sender, { message }] of this.#newer) if (message.view <= view) this.#newer.delete(sender);
    this.#vouched.clear();
  }

  /** The first of a sender for a view stays: what is held afterwards; null if it is of no use. */
  add(held: Held<C>): Held<C> | null {
    const { sender, view } = held.message;
    if (view < this.#view) return null;
    const of = view === this.#view ? this.#current : this.#newer;
    const before = of.get(sender);
    if (before !== undefined && before.message.view >= view)
      return before.message.view === view ? before : null;
    of.set(sender, held);
    return held;
  }

  get current(): ReadonlyMap<ReplicaId, Held<C>> {
    return this.#current;
  }

  /** Senders that ask for this replica's view or a higher one. */
  get askers(): number {
    return new Set([...this.#current.keys(), ...this.#newer.keys()]).size;
  }

  /** The lowest view above ours that anybody asks for, if so many do (pbft.md 7, join rule). */
  joinable(threshold: number): View | null {
    if (this.#newer.size < threshold) return null;
    return Math.min(...[...this.#newer.values()].map(({ message }) => message.view));
  }

  acknowledge(from: ReplicaId, { view, sender, digest }: PbftViewChangeAck): void {
    const about = this.#acks.get(sender) ?? new Map<ReplicaId, Acknowledged>();
    this.#acks.set(sender, about);
    if ((about.get(from)?.view ?? -1) < view) about.set(from, { view, digest });
  }

  /** How many replicas other than these two have found it authentic. */
  acknowledgements({ message, digest }: Held<C>, self: ReplicaId): number {
    let count = 0;
    for (const [from, ack] of this.#acks.get(message.sender) ?? []) {
      const counts = from !== self && from !== message.sender;
      if (counts && ack.view === message.view && ack.digest === digest) count += 1;
    }
    return count;
  }

  /** A replica vouches for a view change that a NewView names. */
  vouch(from: ReplicaId, held: Held<C>): void {
    const known = this.#vouched.get(held.digest) ?? { held, by: new Set<ReplicaId>() };
    this.#vouched.set(held.digest, known);
    known.by.add(from);
  }

  /** The view change of this name, if it is authentic here: by its own channel, or by enough vouchers. */
  find({ sender, digest }: ViewChangeName, view: View): Held<C> | null {
    for (const held of [this.#current.get(sender), this.#newer.get(sender)]) {
      if (held !== undefined && held.digest === digest && held.message.view === view) return held;
    }
    const vouched = this.#vouched.get(digest);
    if (vouched === undefined || vouched.by.size < this.#vouchersNeeded) return null;
    const { message } = vouched.held;
    return message.sender === sender && message.view === view ? vouched.held : null;
  }
}
