import type { ReplicaId, SequenceNumber, View } from "../../../kernel/ids.ts";
import { type Message, type Proposal, Pull } from "../../../wire/messages.ts";
import type { PbftNewView } from "../../../wire/pbft.ts";
import type { AgreementContext } from "../../agreement.ts";
import { CatchUp, type CatchUpRules } from "../catch-up.ts";
import type { Change } from "./changes.ts";
import { Instance } from "./instance.ts";
import type { Opening } from "./opening.ts";
import type { Around, Phase } from "./phase.ts";
import { type ProposalListener, Proposals } from "./proposals.ts";
import type { Decided, UntrustedSlot } from "./slot.ts";
import { type Installer, ViewChanger } from "./view-changer.ts";

export interface UntrustedOptions<Slot extends UntrustedSlot, C extends Change> {
  readonly context: AgreementContext;
  readonly makeSlot: (seq: SequenceNumber) => Slot;
  /** Peers that must speak of a decision for it to be believed. */
  readonly witnesses: number;
  readonly phaseOf: (around: Around<Slot>) => Phase<Slot, C>;
}

/** What the parts of one instance tell each other goes through here: one object instead of a function for each, as instances are many. */
export class Hub<Slot extends UntrustedSlot, C extends Change>
  implements Around<Slot>, ProposalListener<Slot>, CatchUpRules<Slot>, Installer<C>
{
  readonly instance: Instance<Slot>;
  readonly proposals: Proposals<Slot>;
  readonly phase: Phase<Slot, C>;
  readonly catchUp: CatchUp<Slot>;
  /** Made when first needed: one process may hold tens of thousands of instances that never leave their first view. */
  changer: ViewChanger<C> | null = null;

  constructor({ context, makeSlot, witnesses, phaseOf }: UntrustedOptions<Slot, C>) {
    this.instance = new Instance(context, makeSlot);
    this.proposals = new Proposals(this.instance, this);
    this.phase = phaseOf(this);
    this.catchUp = new CatchUp(context, this.instance, witnesses, this);
  }

  get views(): ViewChanger<C> {
    this.changer ??= new ViewChanger(this.instance, this.phase.changes, this);
    return this.changer;
  }

  see(seq: SequenceNumber): void {
    this.instance.known = Math.max(this.instance.known, seq);
    this.catchUp.arm();
  }

  pursue(seq: SequenceNumber): void {
    this.catchUp.pursue(seq);
  }

  ahead(from: ReplicaId, view: View): void {
    this.views.ahead(from, view);
  }

  decide(slot: Slot, decided: Decided, record: Message): void {
    this.proposals.decide(slot, decided, record);
  }

  deliver(slot: Slot): void {
    this.proposals.deliver(slot);
  }

  mayAccept(slot: Slot, proposal: Proposal): boolean {
    return this.phase.mayAccept(slot, proposal);
  }

  accepted(slot: Slot, proposal: Proposal): void {
    this.phase.onAccepted(slot, proposal);
  }

  certified(slot: Slot): void {
    this.phase.onCertified(slot);
  }

  get votesAreLogged(): boolean {
    return this.phase.votesAreLogged === true;
  }

  delivered(): void {
    this.changer?.delivered();
    this.catchUp.progress();
  }

  answer(to: ReplicaId, slot: Slot, values: boolean): number {
    return this.phase.answer(to, slot, values);
  }

  help(slot: Slot, age: number): void {
    this.phase.help(slot, age);
  }

  get waiting(): boolean {
    return this.phase.waiting === true;
  }

  tick(): void {
    this.phase.tick?.();
    this.changer?.tick();
  }

  left(): void {
    this.phase.onLeft?.();
  }

  /** What is not of the view that was entered does not exist any more (C4). */
  install(newView: PbftNewView, opening: Opening<C>): void {
    const { slots, standing, decided, low } = this.instance;
    let known = Math.max(decided, low, standing.maximum);
    for (let seq = known + 1; seq <= slots.high; seq += 1) {
      if (slots.find(seq)?.decision != null) known = seq;
    }
    this.instance.known = known;
    this.installFrom(low + 1, newView, opening);
    for (const slot of this.instance.live()) {
      this.proposals.enter(slot);
      this.phase.onEntered(slot);
    }
    this.catchUp.arm();
  }

  /** What a NewView proposes again, from this slot on. */
  installFrom(first: SequenceNumber, { selections }: PbftNewView, opening: Opening<C>): void {
    const { slots, isPrimary, primary, context } = this.instance;
    const missing: SequenceNumber[] = [];
    for (const selection of selections) {
      const { seq, digest } = selection;
      if (seq < first || !slots.contains(seq)) continue;
      const value = opening.value(seq, digest);
      if (value === null) missing.push(seq);
      this.proposals.install(selection, value);
    }
    const [lowest] = missing;
    if (lowest === undefined || isPrimary) return;
    context.port.send(primary, new Pull(lowest, missing.at(-1) ?? lowest, true));
  }
}
