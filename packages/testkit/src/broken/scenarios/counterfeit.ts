import { GENESIS_MEMBERS, type InstanceAddress } from "@destiny/core/agreement/agreement";
import { checks } from "@destiny/core/agreement/linear-hybster/checks";
import { slotClaim } from "@destiny/core/agreement/linear-hybster/claims";
import { linearHybster } from "@destiny/core/agreement/linear-hybster/linear-hybster";
import { departureClaim, openingClaim } from "@destiny/core/agreement/shared/trusted/claims";
import { Lineage } from "@destiny/core/agreement/shared/trusted/lineage";
import type { Law } from "@destiny/core/agreement/shared/trusted/validity";
import type { JobResult } from "@destiny/core/effects/effects";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { ReplicaId, SequenceNumber, View } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { type Anchor, openAnchor } from "@destiny/core/wire/anchor";
import { noop } from "@destiny/core/wire/batch";
import type { Claim } from "@destiny/core/wire/claim";
import { type Message, MessageKind, Proposal } from "@destiny/core/wire/messages";
import { Reader } from "@destiny/core/wire/reader";
import { encodeUtf8 } from "@destiny/core/wire/utf8";
import { Value } from "@destiny/core/wire/value";
import { FIRST_VIEW_DIGEST, type Link, NewView, ViewChange } from "@destiny/core/wire/view-change";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { AgreementCluster } from "../../agreement/agreement-cluster.ts";

const N = 3;
const WINDOW = 16;
const NOTHING: Uint8Array = new Uint8Array(0);

/** What a {@link ViewChange} is to say; what is left out is as at a replica that has done nothing. */
export interface Said {
  readonly base?: NewView;
  readonly oLast?: SequenceNumber;
  readonly anchor?: Anchor | null;
  readonly prepares?: readonly Proposal[];
  readonly chain?: readonly Link[];
}

/**
 * Faulty hosts around sound trusted subsystems: whatever these grant can be had, in any order, and shown to whom one likes.
 * Three replicas, one instance, whose primary of view v is replica v mod 3.
 */
export class Counterfeit {
  readonly law: Law = {
    lowOf,
    oldestBase: () => 0,
    probation: () => 0,
    window: WINDOW,
    noop: noop(digestOf).digest,
  };
  readonly lineage: Lineage;
  readonly #cluster: AgreementCluster;
  readonly #address: InstanceAddress;

  constructor() {
    const faults = FaultModel.hybrid(N);
    this.#cluster = new AgreementCluster(linearHybster, { faults, window: WINDOW });
    const rules = { lowOf, probation: () => 0, hash: digestOf };
    this.#address = { instance: 0, home: 0, faults, members: GENESIS_MEMBERS, ...rules };
    this.lineage = new Lineage(this.law, faults.oneCorrect);
  }

  /** Proof of a stable checkpoint. */
  anchor(low: SequenceNumber): Anchor {
    return this.#cluster.anchor(low);
  }

  /** The header of a Prepare of this view, certified by the view's primary; `extension` is the highest slot of its NewView. */
  prepare(view: View, seq: SequenceNumber, text: string, extension: SequenceNumber = 0): Proposal {
    return this.#header(view % N, { view, seq, extension }, text);
  }

  /** A header of view 0 that this replica certifies itself, as if it were the primary. */
  ownHeader(replica: ReplicaId, seq: SequenceNumber, text: string): Proposal {
    return this.#header(replica, { view: 0, seq, extension: 0 }, text);
  }

  /** A replica votes for a Prepare: its counter moves there. */
  vote(replica: ReplicaId, prepare: Proposal): void {
    this.#certify(replica, slotClaim(0, prepare));
  }

  /** A replica's counter moves to [to|0] with whatever it says. */
  leave(sender: ReplicaId, to: View, said: Said = {}): ViewChange {
    const { base, oLast = 0, anchor = null, prepares = [], chain = [] } = said;
    const standing = { base: base?.view ?? 0, baseDigest: base?.digest ?? FIRST_VIEW_DIGEST };
    const content = { sender, to, ...standing, oLast, anchor, prepares, chain };
    const draft = ViewChange.of({ ...content, old: { view: 0, seq: 0 }, certificate: NOTHING }, digestOf);
    const claim = departureClaim(0, { to, digest: draft.digest, old: null });
    const { old, certificate } = this.#certify(sender, claim);
    invariant(old !== undefined, "a continuing certificate names the old value");
    return draft.certified(old, certificate);
  }

  /** A NewView, certified by the view's primary. */
  open(
    view: View,
    viewChanges: readonly ViewChange[],
    prepares: readonly Proposal[],
    anchor: Anchor | null,
  ): NewView {
    const draft = NewView.of(
      { view, viewChanges, anchor, prepares, count: 1, certificate: NOTHING },
      digestOf,
    );
    return draft.certified(this.#certify(view % N, openingClaim(0, draft)).certificate);
  }

  /** Whether a correct replica takes the message for what it says it is: form and signatures. */
  isAuthentic(message: Message): boolean {
    const found = checks(this.#address, message);
    return found?.every((check) => this.#cluster.world.trust.holds(check)) === true;
  }

  /** Whether a correct replica counts the view change. */
  counts(viewChange: ViewChange): boolean {
    const judgement = this.lineage.judgeViewChange(viewChange);
    return this.isAuthentic(viewChange) && "valid" in judgement && judgement.valid;
  }

  /** Whether a correct replica enters the view. */
  enters(newView: NewView): boolean {
    if (!this.isAuthentic(newView)) return false;
    this.lineage.offer(newView, newView.view % N);
    const judgement = this.lineage.judge(newView.view);
    return "valid" in judgement && judgement.valid;
  }

  #header(signer: ReplicaId, place: Pick<Proposal, "view" | "seq" | "extension">, text: string): Proposal {
    const content = { ...place, digest: Value.of(encodeUtf8(text), digestOf).digest };
    const { share, certificate } = this.#certify(signer, slotClaim(0, content));
    const rest = { share, certificate, value: null, evidence: [] };
    return new Proposal({ kind: MessageKind.Prepare, ...content, ...rest }).header();
  }

  #certify(replica: ReplicaId, claim: Claim): JobResult & { readonly type: "certified" } {
    const { trust } = this.#cluster.world;
    const result = trust.certify(replica, this.#cluster.world.host(replica).subsystem, claim);
    invariant(result.type === "certified", "the subsystem grants it: the attack is possible");
    return result;
  }
}

function lowOf(anchor: Anchor): SequenceNumber | null {
  const part = openAnchor(anchor, digestOf);
  return part === null ? null : new Reader(part).u48();
}
