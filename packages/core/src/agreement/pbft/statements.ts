import type { ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import { Certificate, type Evidence, MessageKind, type Vote } from "../../wire/messages.ts";
import { CommitStatement, FetchStatement } from "../../wire/pbft.ts";
import { encodeStatements } from "../../wire/pbft-codec.ts";
import { openShare } from "../shared/signed-share.ts";
import type { Instance } from "../shared/untrusted/instance.ts";
import type { Authentication } from "./checks.ts";
import { commitClaim } from "./claims.ts";
import type { Slot } from "./slot.ts";

/**
 * Evidence of decisions (dqbft.md 2, H30): `f + 1` signed "I sent Commit for this digest", of any views. With signatures the
 * Commits themselves are that. With MACs a replica signs for slots of probation at once, and for others when it is asked.
 */
export class Statements {
  readonly #authentication: Authentication;
  readonly #instance: Instance<Slot>;
  /** Slots whose evidence the layer above waits for. */
  readonly #wanted = new Set<SequenceNumber>();
  /** Slots that we are just signing a statement for: who else asks asks again. */
  readonly #signing = new Set<SequenceNumber>();

  constructor(authentication: Authentication, instance: Instance<Slot>) {
    this.#authentication = authentication;
    this.#instance = instance;
  }

  /** We have sent this Commit. */
  onCommitSent(slot: Slot, commit: Vote): void {
    const { standing } = this.#instance;
    if (this.#authentication === "signature") this.onSignedCommit(slot, commit);
    else if (slot.seq <= standing.extension) this.#sign(slot, commit, null);
  }

  /** A Commit that is its own statement. */
  onSignedCommit(slot: Slot, commit: Vote): void {
    const opened = openShare(commit.share);
    if (opened === null) return;
    const { view, seq, digest } = commit;
    this.#add(slot, new CommitStatement({ view, seq, digest, ...opened }));
  }

  onStatement(statement: CommitStatement): void {
    const { slots } = this.#instance;
    if (slots.contains(statement.seq)) this.#add(slots.claim(statement.seq), statement);
  }

  /** Answers with our last Commit of the slot, signed; nothing if there was none. */
  onFetch(from: ReplicaId, { seq }: FetchStatement): void {
    const slot = this.#instance.slots.find(seq);
    if (slot === undefined) return;
    const own = slot.statements.get(this.#instance.self);
    if (own !== undefined) this.#instance.context.port.send(from, own);
    else if (slot.ownCommit !== null) this.#sign(slot, slot.ownCommit, from);
  }

  /** The evidence, if it is here; else it is asked for, and will be here soon if the slot is decided. */
  evidence(seq: SequenceNumber): Evidence | null {
    const { slots, context } = this.#instance;
    const slot = slots.find(seq);
    if (slot === undefined || slot.decision === null) return null;
    this.#combine(slot);
    if (slot.evidence !== null) return { instance: context.instance, message: slot.evidence };
    if (!this.#wanted.has(seq)) {
      this.#wanted.add(seq);
      this.#ask(slot);
    }
    return null;
  }

  /** Asks again for what has not come. */
  tick(): void {
    for (const seq of this.#wanted) {
      const slot = this.#instance.slots.find(seq);
      if (slot === undefined || slot.evidence !== null) this.#wanted.delete(seq);
      else this.#ask(slot);
    }
  }

  get waiting(): boolean {
    return this.#wanted.size > 0;
  }

  #ask(slot: Slot): void {
    if (slot.ownCommit !== null && !slot.statements.has(this.#instance.self)) {
      this.#sign(slot, slot.ownCommit, null);
    }
    this.#instance.context.port.broadcast(new FetchStatement(slot.seq));
  }

  /** To one peer, or to all. */
  #sign(slot: Slot, commit: Vote, to: ReplicaId | null): void {
    const { context, jobs, self } = this.#instance;
    const { view, seq, digest } = commit;
    if (this.#signing.has(seq)) return;
    this.#signing.add(seq);
    jobs.certify(commitClaim(context.instance, commit), (result) => {
      this.#signing.delete(seq);
      if (result.type !== "certified") return;
      const fields = { view, seq, digest, signer: self, signature: result.certificate };
      const statement = new CommitStatement(fields);
      this.#add(slot, statement);
      if (to === null) context.port.broadcast(statement);
      else context.port.send(to, statement);
    });
  }

  /** One of each signer: of the decided digest, once that is known. */
  #add(slot: Slot, statement: CommitStatement): void {
    if (slot.evidence !== null) return;
    const before = slot.statements.get(statement.signer);
    const better =
      before === undefined || (before.digest !== slot.decision && statement.digest === slot.decision);
    if (better) slot.statements.set(statement.signer, statement);
    this.#combine(slot);
  }

  #combine(slot: Slot): void {
    const { oneCorrect } = this.#instance.context.faults;
    if (slot.evidence !== null || slot.decision === null || slot.statements.size < oneCorrect) return;
    const supporting = [...slot.statements.values()]
      .filter(({ digest }) => digest === slot.decision)
      .sort((a, b) => a.signer - b.signer)
      .slice(0, oneCorrect);
    if (supporting.length < oneCorrect) return;
    this.#wanted.delete(slot.seq);
    slot.evidence = new Certificate({
      kind: MessageKind.PbftEvidence,
      view: 0,
      seq: slot.seq,
      digest: slot.decision,
      extension: 0,
      aggregate: encodeStatements(supporting),
    });
  }
}
