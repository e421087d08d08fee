import type { JobResult } from "../../../effects/effects.ts";
import type { SequenceNumber, View } from "../../../kernel/ids.ts";
import { present } from "../../../kernel/invariant.ts";
import {
  CHAIN_MAX,
  FIRST_VIEW_DIGEST,
  type Link,
  ViewChange,
  type ViewState,
} from "../../../wire/view-change.ts";
import { tableOf } from "../configurations.ts";
import { departureClaim } from "./claims.ts";
import { VIEW_TICKET } from "./tickets.ts";
import type { Views } from "./views.ts";

const NOTHING: Uint8Array = new Uint8Array(0);
const NOWHERE = { view: 0, seq: 0 } as const;

/** Our own ViewChanges, and the steps of our counter that they are (hybster.md 6.1). */
export class Departing {
  readonly #views: Views;
  /** Our last ViewChange; a draft until our subsystem has certified it. */
  #own: ViewChange | null = null;
  /** Steps of our counter since the base. */
  #chain: Link[] = [];
  /** What it says is out of date. */
  #stale = false;
  /** The view for which our subsystem refused. */
  #refused: View = 0;
  #certifying = false;

  constructor(views: Views) {
    this.#views = views;
  }

  /** Our last ViewChange, a draft or not. */
  get own(): ViewChange | null {
    return this.#own;
  }

  get chain(): readonly Link[] {
    return [...this.#chain];
  }

  /** Whether one is being certified. */
  get busy(): boolean {
    return this.#certifying;
  }

  /** Our ViewChange for the view that we are on our way to, on our present base; null while there is none. */
  get current(): ViewChange | null {
    const { view, baseView } = this.#views.place;
    const own = this.#own;
    if (own === null || own.to !== view || own.base !== baseView || this.#stale) return null;
    return own.certificate.length > 0 ? own : null;
  }

  /** What it lists is gone here, as a checkpoint covers it: say that. */
  renew(): void {
    this.#stale = true;
    this.proceed();
  }

  /** Makes what {@link current} lacks. */
  proceed(): void {
    const { place, ordering } = this.#views;
    if (place.active || !place.counts || ordering.voting.busy || this.#certifying || this.current !== null)
      return;
    if (this.#refused === place.view || this.#chain.length >= CHAIN_MAX) return;
    // A draft that the log gave back may have been certified: it must be the same one (hybster.md 10.2).
    const isDraft = this.#own !== null && this.#own.certificate.length === 0;
    if (!isDraft) {
      this.#own = this.#describe();
      this.#stale = false;
      this.#views.save();
    }
    this.#certifying = true;
    const { to, digest } = present(this.#own, "a ViewChange to certify");
    const { context } = this.#views;
    const claim = departureClaim(context.instance, { to, digest, old: null }, tableOf(context, to));
    context.port.certify(VIEW_TICKET, claim);
  }

  /** All that we certified in our base and no checkpoint covers. */
  #describe(): ViewChange {
    const { context, ordering } = this.#views;
    const { base, anchor, stable, view } = this.#views.place;
    const oLast = this.#lastInBase();
    const content = {
      sender: context.self,
      to: view,
      base: base.standing.view,
      baseDigest: base.newView?.digest ?? FIRST_VIEW_DIGEST,
      oLast,
      anchor,
      prepares: ordering.holdings.headers(stable + 1, Math.max(oLast, base.standing.maximum)),
    };
    return ViewChange.of({ ...content, chain: this.chain, old: NOWHERE, certificate: NOTHING }, context.hash);
  }

  /** The first step out of the base says it for sure; before there is one, our votes do. */
  #lastInBase(): SequenceNumber {
    const [first] = this.#chain;
    if (first === undefined) return this.#views.ordering.voting.lastCertified;
    return first.old.view === this.#views.place.baseView ? first.old.seq : 0;
  }

  /** Whether it could be certified. Else the counter is past this view already: we have lost memory. */
  complete(result: JobResult): boolean {
    this.#certifying = false;
    const draft = present(this.#own, "a ViewChange that we asked for");
    if (result.type !== "certified") {
      this.#refused = draft.to;
      this.#own = null;
      return false;
    }
    const own = draft.certified(present(result.old, "the value before"), result.certificate);
    this.#chain.push(own.link);
    const { place, departures, context } = this.#views;
    // The counter was further in the base than we knew: that is void. Now we know, and the next one says it (hybster.md 10.2).
    const isVoid = own.base === place.baseView && own.oLast !== this.#lastInBase();
    this.#own = isVoid ? null : own;
    if (isVoid) return true;
    departures.add(own);
    if (own.to === place.view) context.port.broadcast(own);
    return true;
  }

  /** The base has moved: what was before it counts no more, and all of it if its view was entered (hybster.md 6.5). */
  rebase(view: View, entered: boolean): void {
    this.#chain = entered ? [] : this.#chain.filter(({ to }) => to > view);
    if (entered) this.#own = null;
    this.#refused = 0;
  }

  recover({ own, chain }: ViewState): void {
    this.#own = own;
    this.#chain = [...chain];
    if (own !== null && own.certificate.length > 0) this.#views.departures.add(own);
  }
}
