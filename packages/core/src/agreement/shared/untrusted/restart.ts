import type { LogRecord } from "../../../effects/effects.ts";
import { type Message, MessageKind, Proposal } from "../../../wire/messages.ts";
import { Body } from "../../../wire/view-change.ts";
import type { Change, ViewState } from "./changes.ts";
import type { Instance } from "./instance.ts";
import type { Phase } from "./phase.ts";
import type { UntrustedSlot } from "./slot.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Takes back the records of one instance's log, in any order, and then makes slots of them (pbft.md 12.10). */
export class Restart<Slot extends UntrustedSlot, C extends Change> {
  readonly #instance: Instance<Slot>;
  readonly #phase: Phase<Slot, C>;
  readonly #records: LogRecord[] = [];
  #viewState: ViewState<C> | null = null;

  constructor(instance: Instance<Slot>, phase: Phase<Slot, C>) {
    this.#instance = instance;
    this.#phase = phase;
  }

  recover(record: LogRecord): void {
    const { message } = record;
    if (message.kind === this.#phase.changes.kinds.state) this.#viewState = message as ViewState<C>;
    else this.#records.push(record);
  }

  /** Where this replica was in its views; null if it never left the first. */
  get viewState(): ViewState<C> | null {
    return this.#viewState;
  }

  /** What the log holds of single slots. After the views are known. */
  restoreSlots(): void {
    const own = this.#viewState?.viewChange;
    if (own !== undefined) this.#phase.restoreViews(own);
    for (const record of this.#records.splice(0)) {
      const { slots } = this.#instance;
      if (!slots.contains(record.seq)) continue;
      this.#restoreRecord(slots.claim(record.seq), record.message);
      this.#instance.known = Math.max(this.#instance.known, record.seq);
    }
  }

  #restoreRecord(slot: Slot, message: Message): void {
    if (message instanceof Proposal) this.#restoreProposal(slot, message);
    else if (message instanceof Body) restoreBody(slot, message);
    else this.#phase.restore(slot, message);
  }

  /** What was logged because others had decided it is no promise of ours: it does no harm to think so. */
  #restoreProposal(slot: Slot, proposal: Proposal): void {
    const { view, standing } = this.#instance;
    slot.logged = proposal.digest;
    slot.bodies.set(proposal.digest, proposal);
    this.#phase.restoreProposal(slot, proposal);
    if (proposal.view !== view || proposal.view !== standing.view) return;
    slot.proposal = proposal;
    slot.accepted = true;
  }
}

/** Only its value matters: whoever proposes it again signs it anew. */
function restoreBody(slot: UntrustedSlot, { value }: Body): void {
  if (slot.bodies.has(value.digest)) return;
  const header = { kind: MessageKind.PrePrepare, view: 0, seq: slot.seq, digest: value.digest, extension: 0 };
  const rest = { certificate: NOTHING, share: NOTHING, value, evidence: [] };
  slot.bodies.set(value.digest, new Proposal({ ...header, ...rest }));
}
