import type { AgreementProtocol } from "@destiny/core/agreement/agreement";
import { commitClaim, prepareClaim } from "@destiny/core/agreement/hybster/claims";
import { hybster } from "@destiny/core/agreement/hybster/hybster";
import { slotClaim } from "@destiny/core/agreement/linear-hybster/claims";
import { linearHybster } from "@destiny/core/agreement/linear-hybster/linear-hybster";
import { makeShare } from "@destiny/core/agreement/shared/signed-share";
import { departureClaim, openingClaim } from "@destiny/core/agreement/shared/trusted/claims";
import type { Digest, InstanceId, ReplicaId, SequenceNumber, View } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { TrustedClaim } from "@destiny/core/wire/claim";
import { type Message, MessageKind, Proposal, Vote } from "@destiny/core/wire/messages";
import type { CounterValue } from "@destiny/core/wire/statement";
import { Complaint, complaintClaim } from "@destiny/core/wire/suspicion";
import { encodeUtf8 } from "@destiny/core/wire/utf8";
import { Value } from "@destiny/core/wire/value";
import { type Link, NewView, ViewChange } from "@destiny/core/wire/view-change";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import type { World } from "@destiny/simulator/cluster/world";
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

/** Where a faulty replica takes the place of another one. */
export interface Scene {
  readonly world: World;
  crash(replica: ReplicaId): void;
  forge(from: ReplicaId, to: ReplicaId, message: Message): void;
}

/** A faulty replica of Hybster, linear or not, in the hands of a test: it does what its trusted subsystem lets it do. */
export class FaultyHybster {
  readonly self: ReplicaId;
  readonly #cluster: Scene;
  readonly #dialect: Dialect;
  readonly #subsystem: ThreshSign;
  /** What every continuing certificate revealed. */
  readonly links: Link[] = [];

  /** Takes the place of a replica, with a trusted subsystem of the genesis or the one given. */
  constructor(
    cluster: Scene,
    self: ReplicaId,
    dialect: Dialect,
    subsystem: ThreshSign = cluster.world.trust.createSubsystem(self),
  ) {
    this.self = self;
    this.#dialect = dialect;
    this.#cluster = cluster;
    this.#subsystem = subsystem;
    if (cluster.world.host(self).alive) cluster.crash(self);
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

  /** Moves its counter to a view, with a message that says what it likes; `table` is the key table of the view's configuration. */
  leave(fields: ViewChangeFields, table: Digest | null = null): ViewChange {
    const draft = ViewChange.of(
      { ...fields, sender: this.self, old: { view: 0, seq: 0 }, certificate: NOTHING },
      digestOf,
    );
    const { old, certificate } = this.#certify(
      departureClaim(INSTANCE, { to: fields.to, digest: draft.digest, old: null }, table),
    );
    const made = draft.certified(present(old, "the value before"), certificate);
    this.links.push(made.link);
    return made;
  }

  /** Waits in vain for the primary of a view. */
  complain(view: View): Complaint {
    const about = { instance: INSTANCE, view, decided: 0 };
    const { certificate: signature } = this.#certify(complaintClaim(about));
    return new Complaint({ ...about, signer: this.self, signature });
  }

  open(fields: Omit<Parameters<typeof NewView.of>[0], "certificate">): NewView {
    const draft = NewView.of({ ...fields, certificate: NOTHING }, digestOf);
    return draft.certified(this.#certify(openingClaim(INSTANCE, draft)).certificate);
  }

  /** What its trusted subsystem says to a claim. */
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
