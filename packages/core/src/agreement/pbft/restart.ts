import type { LogRecord } from "../../effects/effects.ts";
import { type Message, MessageKind, Proposal, Vote } from "../../wire/messages.ts";
import { PbftViewState, PreparedCertificate } from "../../wire/pbft.ts";
import { Body } from "../../wire/view-change.ts";
import type { Instance } from "./instance.ts";
import type { Slot } from "./slot.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

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
    this.#restoreSets();
    for (const record of this.#records.splice(0)) {
      const { slots } = this.#instance;
      if (!slots.contains(record.seq)) continue;
      this.#restoreRecord(slots.claim(record.seq), record.message);
      this.#instance.known = Math.max(this.#instance.known, record.seq);
    }
  }

  /** `P` and `Q` as they were when we left the view before. */
  #restoreSets(): void {
    const own = this.#viewState?.viewChange;
    if (own === undefined) return;
    const { slots } = this.#instance;
    for (const prepared of own.prepared) {
      if (slots.contains(prepared.seq)) slots.claim(prepared.seq).prepared = prepared;
    }
    for (const { seq, digest, view } of own.preprepared) {
      if (slots.contains(seq)) slots.claim(seq).preprepared.set(digest, view);
    }
  }

  #restoreRecord(slot: Slot, message: Message): void {
    if (message instanceof Proposal) this.#restoreProposal(slot, message);
    else if (message instanceof Body) restoreBody(slot, message);
    else if (message instanceof PreparedCertificate) restorePrepared(slot, message);
    else if (message instanceof Vote && message.kind === MessageKind.PbftDecided) {
      slot.decision = message.digest;
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

/** Only its value matters: whoever proposes it again signs it anew. */
function restoreBody(slot: Slot, { value }: Body): void {
  if (slot.bodies.has(value.digest)) return;
  const header = { kind: MessageKind.PrePrepare, view: 0, seq: slot.seq, digest: value.digest, extension: 0 };
  const rest = { certificate: NOTHING, share: NOTHING, value, evidence: [] };
  slot.bodies.set(value.digest, new Proposal({ ...header, ...rest }));
}

function restorePrepared(slot: Slot, prepared: PreparedCertificate): void {
  if (slot.prepared === null || slot.prepared.view < prepared.view) slot.prepared = prepared;
}
