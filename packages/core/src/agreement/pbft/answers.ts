import type { ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import { MessageKind, Pull, Vote } from "../../wire/messages.ts";
import type { Instance } from "../shared/untrusted/instance.ts";
import type { Slot } from "./slot.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** What peers get who missed something: our own messages, and values, which speak for themselves (pbft.md 10.4). */
export class Answers {
  readonly #instance: Instance<Slot>;

  constructor(instance: Instance<Slot>) {
    this.#instance = instance;
  }

  /** Our own messages about a slot, to a peer that asks. Others' votes are never passed on. Returns bytes of values. */
  answer(to: ReplicaId, slot: Slot, values: boolean): number {
    const { port } = this.#instance.context;
    const { decision, proposal } = slot;
    const wanted = decision === null ? proposal : (slot.body(decision) ?? proposal);
    let bytes = 0;
    if (values && wanted !== null && wanted.value !== null && wanted.certificate.length > 0) {
      port.send(to, wanted);
      bytes = wanted.value.bytes.length;
    }
    if (decision !== null) port.send(to, claimOf(slot.seq, decision));
    for (const vote of this.#ownVotes(slot)) port.send(to, vote);
    return bytes;
  }

  /** A slot waits: what we said of it goes out again, and everybody is asked. */
  help(slot: Slot): void {
    this.#resend(slot);
    this.#instance.context.port.broadcast(new Pull(slot.seq, slot.seq, needsValue(slot)));
  }

  /** What we said to all, with the header alone: who lacks the value asks for it. */
  #resend(slot: Slot): void {
    const { port } = this.#instance.context;
    const { proposal } = slot;
    const ours = this.#instance.isPrimary && proposal?.view === this.#instance.view;
    if (ours && proposal.certificate.length > 0) port.broadcast(proposal.header());
    for (const vote of this.#ownVotes(slot)) port.broadcast(vote);
  }

  #ownVotes({ ownPrepare, ownCommit }: Slot): readonly Vote[] {
    return [ownPrepare, ownCommit].filter((vote): vote is Vote => vote?.view === this.#instance.view);
  }
}

/** A slot that is decided and waits lacks its value. */
function needsValue({ decision, proposal }: Slot): boolean {
  return decision !== null || proposal === null || proposal.value === null;
}

/** "This digest is decided here." */
export function claimOf(seq: SequenceNumber, digest: string): Vote {
  return new Vote({ kind: MessageKind.PbftDecided, view: 0, seq, digest, share: NOTHING });
}
