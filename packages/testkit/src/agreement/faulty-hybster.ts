import { slotClaim } from "@destiny/core/agreement/linear-hybster/claims";
import { departureClaim, openingClaim } from "@destiny/core/agreement/shared/trusted/claims";
import type { InstanceId, ReplicaId, SequenceNumber, View } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { TrustedClaim } from "@destiny/core/wire/claim";
import { type Message, MessageKind, Proposal, Vote } from "@destiny/core/wire/messages";
import type { CounterValue } from "@destiny/core/wire/statement";
import { encodeUtf8 } from "@destiny/core/wire/utf8";
import { Value } from "@destiny/core/wire/value";
import { type Link, NewView, ViewChange } from "@destiny/core/wire/view-change";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import type { AgreementCluster } from "./agreement-cluster.ts";

const INSTANCE: InstanceId = 0;
const NOTHING = new Uint8Array(0);

export type ViewChangeFields = Omit<Parameters<typeof ViewChange.of>[0], "sender" | "old" | "certificate">;

/** A faulty replica of Linear Hybster in the hands of a test: it does what its trusted subsystem lets it do. */
export class FaultyHybster {
  readonly self: ReplicaId;
  readonly #cluster: AgreementCluster;
  readonly #subsystem: ThreshSign;
  /** What every continuing certificate revealed. */
  readonly links: Link[] = [];

  /** Takes the place of a replica. */
  constructor(cluster: AgreementCluster, self: ReplicaId) {
    this.self = self;
    this.#cluster = cluster;
    this.#subsystem = cluster.world.trust.createSubsystem(self);
    cluster.crash(self);
  }

  send(message: Message, ...to: readonly ReplicaId[]): void {
    for (const each of to) this.#cluster.forge(this.self, each, message);
  }

  /** A Prepare in a view that it is primary of. */
  propose(view: View, seq: SequenceNumber, text: string, extension = 0): Proposal {
    const value = Value.of(encodeUtf8(text), digestOf);
    const content = { view, seq, digest: value.digest, extension };
    const { share, certificate } = this.#certify(slotClaim(INSTANCE, content));
    return new Proposal({ kind: MessageKind.Prepare, ...content, certificate, share, value, evidence: [] });
  }

  /** Its share over somebody's Prepare. */
  vote(proposal: Proposal): Vote {
    const { view, seq, digest } = proposal;
    const { share } = this.#certify(slotClaim(INSTANCE, proposal));
    return new Vote({ kind: MessageKind.CommitSig, view, seq, digest, share });
  }

  /** Moves its counter to a view, with a message that says what it likes. */
  leave(fields: ViewChangeFields): ViewChange {
    const draft = ViewChange.of(
      { ...fields, sender: this.self, old: { view: 0, seq: 0 }, certificate: NOTHING },
      digestOf,
    );
    const { old, certificate } = this.#certify(
      departureClaim(INSTANCE, { to: fields.to, digest: draft.digest, old: null }),
    );
    const made = draft.certified(present(old, "the value before"), certificate);
    this.links.push(made.link);
    return made;
  }

  open(fields: Omit<Parameters<typeof NewView.of>[0], "certificate">): NewView {
    const draft = NewView.of({ ...fields, certificate: NOTHING }, digestOf);
    return draft.certified(this.#certify(openingClaim(INSTANCE, draft)).certificate);
  }

  #certify(claim: TrustedClaim): { share: Uint8Array; certificate: Uint8Array; old?: CounterValue } {
    const result = this.#cluster.world.trust.certify(this.self, this.#subsystem, claim);
    if (result.type !== "certified") throw new Error("the trusted subsystem refused");
    return result;
  }
}

/** What a replica sent of one kind, newest last. */
export function sentBy<T extends Message>(
  cluster: AgreementCluster,
  from: ReplicaId,
  isOne: (message: Message) => message is T,
): readonly T[] {
  return cluster.sent
    .filter((letter) => letter.from === from)
    .map(({ message }) => message)
    .filter(isOne);
}
