import type { LogRecord } from "../../effects/effects.ts";
import { MessageKind, Proposal, Vote } from "../../wire/messages.ts";
import { PbftViewState, PreparedCertificate } from "../../wire/pbft.ts";
import type { Instance } from "./instance.ts";
import type { Slot } from "./slot.ts";

/** Takes back the records of one instance's log, in any order, and then makes slots of them (pbft.md 12.10). */
export class Restart {
  readonly #instance: Instance;
  readonly #records: LogRecord[] = [];
  #viewState: PbftViewState | null = null;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  recover(record: LogRecord): void {
    if (record.message instanceof PbftViewState) this.#viewState = record.message;
    else this.#records.push(record);
  }

  /** Where this replica was in its views; null if it never left the first. */
  get viewState(): PbftViewState | null {
    return this.#viewState;
  }

  /** What the log holds of single slots. After the views are known. */
  restoreSlots(): void {
    const { slots } = this.#instance;
    for (const { seq, message } of this.#records.splice(0)) {
      if (!slots.contains(seq)) continue;
      const slot = slots.claim(seq);
      if (message instanceof Proposal) this.#restoreProposal(slot, message);
      else if (message instanceof PreparedCertificate) restorePrepared(slot, message);
      else if (message instanceof Vote && message.kind === MessageKind.PbftDecided)
        slot.decision = message.digest;
      this.#instance.known = Math.max(this.#instance.known, seq);
    }
  }

  /** What was logged because others had decided it is no promise of ours: it does no harm to think so. */
  #restoreProposal(slot: Slot, proposal: Proposal): void {
    const { view, standing } = this.#instance;
    slot.logged = proposal.digest;
    slot.bodies.set(proposal.digest, proposal);
    const before = slot.preprepared.get(proposal.digest);
    if (before === undefined || before < proposal.view) slot.preprepared.set(proposal.digest, proposal.view);
    if (proposal.view !== view || proposal.view !== standing.view) return;
    slot.proposal = proposal;
    slot.accepted = true;
  }
}

function restorePrepared(slot: Slot, prepared: PreparedCertificate): void {
  if (slot.prepared === null || slot.prepared.view < prepared.view) slot.prepared = prepared;
}
