import type { JobResult } from "../../../effects/effects.ts";
import type { ReplicaId, View } from "../../../kernel/ids.ts";
import { present } from "../../../kernel/invariant.ts";
import { type NewView, NewViewAck } from "../../../wire/view-change.ts";
import { ackClaim } from "./claims.ts";
import { ACK_TICKET } from "./tickets.ts";
import type { Views } from "./views.ts";

/** What we say of NewViews: that we hold them valid (hybster.md 6.2, 6.5). */
export class Vouching {
  readonly #views: Views;
  /** Of our base, and of the newest view above it that rests on too much to be a base before it is established. */
  readonly #acks = new Map<View, NewViewAck>();
  /** What is being certified. */
  #about: NewView | null = null;

  constructor(views: Views) {
    this.#views = views;
  }

  /** Asks for our ack of a valid NewView, unless it is here, or another is under way. */
  proceed(newView: NewView | null = this.#views.place.base.newView): void {
    if (this.#about !== null || newView === null || this.#acks.has(newView.view)) return;
    if (!this.#views.place.counts) return; // Nobody could check it.
    this.#about = newView;
    const { port, instance } = this.#views.context;
    port.certify(ACK_TICKET, ackClaim(instance, newView));
  }

  /** Our ack, which all get; null if our subsystem refused. */
  complete(result: JobResult): NewViewAck | null {
    const { view, digest } = present(this.#about, "an ack that we asked for");
    this.#about = null;
    if (result.type !== "certified") return null;
    const { context, place } = this.#views;
    const ack = new NewViewAck({ view, digest, sender: context.self, certificate: result.certificate });
    this.#acks.set(view, ack);
    for (const each of this.#acks.keys())
      if (each !== view && each !== place.baseView) this.#acks.delete(each);
    return ack;
  }

  /** Says which view we are in, and proves that it is no invention: the peer may ask for its NewView. */
  tellBase(to: ReplicaId): void {
    const ack = this.#acks.get(this.#views.place.baseView);
    if (ack !== undefined) this.#views.context.port.send(to, ack);
  }

  /** Says again what may be news: until f + 1 hold a NewView valid, all that it rests on must be kept. */
  repeat(): void {
    for (const [view, ack] of this.#acks) {
      if (!this.#views.lineage.isEstablished(view)) this.#views.context.port.broadcast(ack);
    }
  }
}
