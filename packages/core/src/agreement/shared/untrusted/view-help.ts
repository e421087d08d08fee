import type { Digest, ReplicaId, View } from "../../../kernel/ids.ts";
import type { PbftNewView } from "../../../wire/pbft.ts";
import { FetchNewView } from "../../../wire/view-change.ts";
import type { Change } from "./changes.ts";
import type { Instance } from "./instance.ts";
import type { UntrustedSlot } from "./slot.ts";

/** Replicas that are in different views: those behind are shown the NewView that they missed, those ahead are asked for it. */
export class ViewHelp<C extends Change> {
  readonly #instance: Instance<UntrustedSlot>;
  readonly #asksAll: boolean;
  /** Of the last view entered. */
  #newView: PbftNewView | null = null;
  /** What it rests on, by digest, as far as that was looked at. */
  #changes: ReadonlyMap<Digest, C> = new Map();
  /** In which view we saw a peer that was ahead of us. */
  readonly #ahead = new Map<ReplicaId, View>();
  /** Peers whose late view change for a view that we are in we have seen once. */
  readonly #late = new Map<ReplicaId, View>();

  constructor(instance: Instance<UntrustedSlot>, asksAll: boolean) {
    this.#instance = instance;
    this.#asksAll = asksAll;
  }

  get newView(): PbftNewView | null {
    return this.#newView;
  }

  entered(newView: PbftNewView, changes: ReadonlyMap<Digest, C>): void {
    this.#newView = newView;
    this.#changes = changes;
  }

  /** A view change that the view which we entered rests on. */
  change(view: View, digest: Digest): C | undefined {
    return this.#newView?.view === view ? this.#changes.get(digest) : undefined;
  }

  show(to: ReplicaId): void {
    if (this.#newView !== null) this.#instance.context.port.send(to, this.#newView);
  }

  /** Answers a peer that asks for the NewView of a view that we have entered or passed. */
  answer(to: ReplicaId, view: View): void {
    if (this.#newView !== null && this.#newView.view >= view) this.show(to);
  }

  /** A peer wants to leave for a view that we are in: at its second try, as the first may have crossed the NewView. */
  answerLate(from: ReplicaId, view: View): void {
    const again = this.#late.get(from) === view || view < this.#instance.standing.view;
    this.#late.set(from, view);
    if (again) this.answer(from, view);
  }

  /** A peer is in a view that we are not in: it knows its NewView. */
  ahead(from: ReplicaId, view: View): void {
    if (this.#instance.isLate(view) || (this.#ahead.get(from) ?? -1) >= view) return;
    const { port } = this.#instance.context;
    const first = ![...this.#ahead.values()].some((other) => other >= view);
    this.#ahead.set(from, view);
    if (this.#asksAll && first) port.broadcast(new FetchNewView(view));
    else port.send(from, new FetchNewView(view));
  }

  /** Asks again those that are ahead. */
  tick(): void {
    for (const [peer, view] of this.#ahead) {
      if (this.#instance.isLate(view)) this.#ahead.delete(peer);
      else this.#instance.context.port.send(peer, new FetchNewView(view));
    }
  }
}
