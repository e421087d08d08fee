import type { Digest, ReplicaId, View } from "../../../kernel/ids.ts";
import type { PbftNewView, ViewChangeName } from "../../../wire/pbft.ts";
import { newViewContent } from "../../../wire/pbft-codec.ts";
import type { AgreementContext } from "../../agreement.ts";
import { isWellFormedNewView } from "./decision.ts";

/** A NewView that was sent to us, and by how many. */
export interface Offer {
  readonly newView: PbftNewView;
  readonly digest: Digest;
  readonly copies: number;
}

/**
 * NewViews of views that we are not in, the newest of each peer. A correct replica passes on only what it has entered, so
 * `f + 1` copies say that it is valid: a replica that was away needs no view changes that nobody may have any more.
 */
export class NewViews {
  readonly #context: AgreementContext;
  readonly #offers = new Map<ReplicaId, { readonly newView: PbftNewView; readonly digest: Digest }>();

  readonly #size: { readonly needed: number; readonly allowed: number };

  /** `size`: on how many view changes a NewView rests. */
  constructor(context: AgreementContext, size: { readonly needed: number; readonly allowed: number }) {
    this.#context = context;
    this.#size = size;
  }

  /** False if no correct replica sends such a thing. */
  offer(from: ReplicaId, newView: PbftNewView): boolean {
    if (!isWellFormedNewView(newView, this.#context, this.#size)) return false;
    const before = this.#offers.get(from);
    if (before !== undefined && before.newView.view > newView.view) return true;
    this.#offers.set(from, { newView, digest: this.#context.hash(newViewContent(newView)) });
    return true;
  }

  /** Different ones, the highest view first. */
  offers(): readonly Offer[] {
    const found = new Map<Digest, { newView: PbftNewView; digest: Digest; copies: number }>();
    for (const { newView, digest } of this.#offers.values()) {
      const offer = found.get(digest) ?? { newView, digest, copies: 0 };
      offer.copies += 1;
      found.set(digest, offer);
    }
    return [...found.values()].sort((a, b) => b.newView.view - a.newView.view);
  }

  /** Whether one of this view rests on this view change. */
  names(sender: ReplicaId, digest: Digest, view: View): boolean {
    const isNamed = (name: ViewChangeName): boolean => name.sender === sender && name.digest === digest;
    return [...this.#offers.values()].some(
      ({ newView }) => newView.view === view && newView.changes.some(isNamed),
    );
  }

  /** That view is entered. */
  forget(view: View): void {
    for (const [from, { newView }] of this.#offers) if (newView.view <= view) this.#offers.delete(from);
  }
}
