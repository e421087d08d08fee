import type { JobResult } from "../../../effects/effects.ts";
import { present } from "../../../kernel/invariant.ts";
import type { NewView, ViewChange } from "../../../wire/view-change.ts";
import { openingClaim } from "./claims.ts";
import type { Departing } from "./departing.ts";
import { Opening } from "./opening.ts";
import { certifyTicket, VIEW_TICKET } from "./tickets.ts";
import { lowIn, outcomeOf } from "./validity.ts";
import type { Views } from "./views.ts";

/** The work of a new primary: chooses f + 1 ViewChanges, and opens its view with what follows (hybster.md 6.4). */
export class Presiding {
  readonly #views: Views;
  readonly #departing: Departing;
  #opening: Opening | null = null;
  #recovered: readonly ViewChange[] = [];

  constructor(views: Views, departing: Departing) {
    this.#views = views;
    this.#departing = departing;
  }

  /** What is being opened, and must be finished first. */
  get opening(): Opening | null {
    return this.#opening;
  }

  /** Opens the view that we are on our way to, if we are its primary and f + 1 have left for it. */
  proceed(): void {
    const { place, ordering, departures, lineage, context } = this.#views;
    const own = this.#departing.current;
    if (place.active || own === null || place.primary(place.view) !== context.self) return;
    const others = departures.current.filter(({ sender }) => sender !== context.self);
    const usable = [own, ...others].filter((each) => this.#isUsable(each));
    if (usable[0] !== own || usable.length < context.faults.oneCorrect) return;
    // Only now: each time is a step of the counter, and those must be few.
    if (lowIn(place.law, own.anchor) < ordering.low) return this.#departing.renew();
    const chosen = usable.slice(0, context.faults.oneCorrect);
    if (lineage.canBear(chosen)) this.#begin(chosen);
  }

  /** Valid, on no newer base than ours, and all values here: a faulty sender may list what nobody has (linear-hybster.md 6). */
  #isUsable(viewChange: ViewChange): boolean {
    const { sender, base, prepares, anchor } = viewChange;
    const { lineage, wants, place, ordering } = this.#views;
    const judgement = lineage.judgeViewChange(viewChange);
    if ("missing" in judgement) {
      if (!lineage.has(judgement.missing)) wants.viewNow(judgement.missing, sender);
      return false;
    }
    if (!judgement.valid || base > place.baseView) return false;
    if ((prepares.at(-1)?.seq ?? 0) > ordering.slots.high) {
      this.#views.outrun(anchor);
      return false;
    }
    const { holdings, low } = ordering;
    const missing = prepares.filter((header) => header.seq > low && holdings.valueOf(header) === null);
    for (const header of missing) wants.body(header, sender);
    return missing.length === 0;
  }

  /** The choice is durable before the first slot is certified, and so are all values. */
  #begin(chosen: readonly ViewChange[]): void {
    const opening = this.#openingWith(chosen);
    this.#opening = opening;
    this.#views.adopt(opening.outcome.anchor);
    this.#views.save();
    for (const draft of opening.proposals) {
      if (draft.value !== null) this.#views.context.port.persist(draft.seq, draft);
    }
    this.#certify(opening);
  }

  #openingWith(chosen: readonly ViewChange[]): Opening {
    const { lineage, ordering } = this.#views;
    const { law, view } = this.#views.place;
    const outcome = outcomeOf(law, view, chosen, lineage.basesOf(chosen));
    return new Opening(chosen, outcome, {
      lookUp: (seq, digest) => ordering.holdings.lookUp(seq, digest),
      certified: (draft, result) => ordering.phase.certified(draft, result),
    });
  }

  #certify(opening: Opening): void {
    const { port } = this.#views.context;
    const { phase } = this.#views.ordering;
    for (const draft of opening.proposals) port.certify(certifyTicket(draft.seq), phase.claim(draft));
    this.#certifyWhole(opening);
  }

  #certifyWhole(opening: Opening): void {
    if (!opening.ready) return;
    const { port, instance, hash } = this.#views.context;
    port.certify(VIEW_TICKET, openingClaim(instance, opening.draft(hash)));
  }

  /** A slot is certified, or refused: then the opening has failed once all answers are here. */
  onProposalCertified(result: JobResult): void {
    const opening = present(this.#opening, "a view that we open");
    opening.onAnswer(result);
    if (result.type !== "certified") this.#views.ordering.refused();
    if (opening.failed) this.#opening = null;
    else this.#certifyWhole(opening);
  }

  /** Our NewView and what it proposes, with our shares; null if our subsystem refused. */
  complete(result: JobResult): { readonly newView: NewView; readonly opening: Opening } | null {
    const opening = present(this.#opening, "a view that we open");
    this.#opening = null;
    if (result.type !== "certified") return null;
    const newView = opening.draft(this.#views.context.hash).certified(result.certificate);
    this.#views.lineage.restore({ newView, acks: [], commit: null });
    return { newView, opening };
  }

  recover(viewChanges: readonly ViewChange[]): void {
    this.#recovered = viewChanges;
  }

  /** Goes on with what was begun before a restart. Not all values in the log: no slot was certified, and the choice is free. */
  resume(): void {
    const chosen = this.#recovered;
    this.#recovered = [];
    if (chosen.length === 0) return;
    const opening = this.#openingWith(chosen);
    this.#views.adopt(opening.outcome.anchor);
    const { low } = this.#views.ordering;
    if (opening.proposals.some(({ seq, value }) => seq > low && value === null)) return;
    this.#opening = opening;
    this.#certify(opening);
  }
}
