import type { SequenceNumber } from "../../../kernel/ids.ts";
import type { Anchor } from "../../../wire/anchor.ts";
import type { AgreementContext } from "../../agreement.ts";
import { Departures } from "./departures.ts";
import { Lineage } from "./lineage.ts";
import type { Ordering } from "./ordering.ts";
import type { Place } from "./place.ts";
import type { TrustedSlot } from "./slot.ts";
import { lowIn } from "./validity.ts";
import { Wants } from "./wants.ts";

/** What all parts of the view change share. */
export class Views {
  readonly context: AgreementContext;
  readonly place: Place;
  readonly ordering: Ordering<TrustedSlot>;
  readonly lineage: Lineage;
  readonly departures: Departures;
  readonly wants: Wants;
  /** Makes the state of views durable before anything that follows. */
  readonly save: () => void;
  /** The checkpoint that the layer above was last told to get. */
  #outrunAt: SequenceNumber = -1;

  constructor(context: AgreementContext, place: Place, ordering: Ordering<TrustedSlot>, save: () => void) {
    const { faults, port, self } = context;
    this.context = context;
    this.place = place;
    this.ordering = ordering;
    this.save = save;
    this.lineage = new Lineage(place.law, faults.oneCorrect);
    this.departures = new Departures(faults.oneCorrect);
    this.wants = new Wants(port, self, faults.n);
  }

  /** Takes over a newer stable checkpoint, whether its state is here or not (hybster.md 6.4). */
  adopt(anchor: Anchor | null): void {
    this.place.adopt(anchor);
    this.outrun(this.place.anchor);
  }

  /** The state of this checkpoint must be got, if it is ahead of what is executed here. */
  outrun(anchor: Anchor | null): void {
    if (anchor === null || anchor.seq <= this.#outrunAt) return;
    if (lowIn(this.place.law, anchor) <= this.ordering.decided) return;
    this.#outrunAt = anchor.seq;
    this.context.superior.outrun(anchor);
  }
}
