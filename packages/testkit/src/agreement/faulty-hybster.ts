import type { AgreementProtocol } from "@destiny/core/agreement/agreement";
import { commitClaim, prepareClaim } from "@destiny/core/agreement/hybster/claims";
import { hybster } from "@destiny/core/agreement/hybster/hybster";
import { slotClaim } from "@destiny/core/agreement/linear-hybster/claims";
import { linearHybster } from "@destiny/core/agreement/linear-hybster/linear-hybster";
import { makeShare } from "@destiny/core/agreement/shared/signed-share";
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

/** How a protocol with trusted counters proposes and votes; views are changed in one way by all. */
export interface Dialect {
  readonly name: string;
  readonly protocol: AgreementProtocol;
  propose(content: Content): TrustedClaim;
  vote(content: Content): TrustedClaim;
  readonly voteKind: MessageKind;
  /** What a vote carries. */
  share(self: ReplicaId, made: { readonly share: Uint8Array; readonly certificate: Uint8Array }): Uint8Array;
}

type Content = Pick<Proposal, "view" | "seq" | "digest" | "extension">;

export const LINEAR: Dialect = {
  name: "linear-hybster",
  protocol: linearHybster,
  propose: (content) => slotClaim(INSTANCE, content),
  vote: (content) => slotClaim(INSTANCE, content),
  voteKind: MessageKind.CommitSig,
  share: (_self, { share }) => share,
};

export const TWO_PHASE: Dialect = {
  name: "hybster",
  protocol: hybster,
  propose: (content) => prepareClaim(INSTANCE, content),
  vote: (content) => commitClaim(INSTANCE, content),
  voteKind: MessageKind.HybsterCommit,
  share: (self, { certificate }) => makeShare(self, certificate),
};

export type ViewChangeFields = Omit<Parameters<typeof ViewChange.of>[0], "sender" | "old" | "certificate">;

/** A faulty replica of Hybster, linear or not, in the hands of a test: it does what its trusted subsystem lets it do. */
export class FaultyHybster {
  readonly self: ReplicaId;
  readonly #cluster: AgreementCluster;
  readonly #dialect: Dialect;
  readonly #subsystem: ThreshSign;
  /** What every continuing certificate revealed. */
  readonly links: Link[] = [];

  /** Takes the place of a replica. */
  constructor(cluster: AgreementCluster, self: ReplicaId, dialect: Dialect) {
    this.self = self;
    this.#dialect = dialect;
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
    const { share, certificate } = this.#certify(this.#dialect.propose(content));
    return new Proposal({ kind: MessageKind.Prepare, ...content, certificate, share, value, evidence: [] });
  }

  /** Its vote for somebody's Prepare. */
  vote(proposal: Proposal): Vote {
    const { view, seq, digest } = proposal;
    const share = this.#dialect.share(this.self, this.#certify(this.#dialect.vote(proposal)));
    return new Vote({ kind: this.#dialect.voteKind, view, seq, digest, share });
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
