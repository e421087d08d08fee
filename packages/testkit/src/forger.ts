import { slotClaim } from "@destiny/core/agreement/linear-hybster/claims";
import { departureClaim } from "@destiny/core/agreement/shared/trusted/claims";
import { headerClaim } from "@destiny/core/agreement/shared/untrusted/claims";
import type { JobResult } from "@destiny/core/effects/effects";
import type { InstanceId, ReplicaId, SequenceNumber, View } from "@destiny/core/kernel/ids";
import { invariant, present } from "@destiny/core/kernel/invariant";
import { type Entry, encodeOrderValue } from "@destiny/core/ordering/dqbft/order-value";
import { encodeBatch } from "@destiny/core/wire/batch";
import type { TrustedClaim } from "@destiny/core/wire/claim";
import { type Evidence, type Message, MessageKind, Proposal } from "@destiny/core/wire/messages";
import type { Request } from "@destiny/core/wire/request";
import type { Value } from "@destiny/core/wire/value";
import { FIRST_VIEW_DIGEST, ViewChange } from "@destiny/core/wire/view-change";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import type { Cluster } from "./cluster.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Where a proposal is certified: by default in the next slot of view 0. */
export interface Place {
  readonly seq?: SequenceNumber;
  readonly view?: View;
  /** What is certified as the end of the view's probation. */
  readonly extension?: SequenceNumber;
}

/** Over which protocol a {@link Forger} plays the primary. */
export type Dialect = "linear-hybster" | "pbft";

/**
 * A Byzantine primary in place of a replica: the test says what it proposes and to whom. Its trusted subsystem is as sound as
 * any: what it certifies is what it could have certified.
 */
export class Forger {
  readonly #cluster: Cluster;
  readonly #self: ReplicaId;
  readonly #subsystem: ThreshSign;
  readonly #dialect: Dialect;
  readonly #last = new Map<InstanceId, SequenceNumber>();

  /** Takes the place of a replica, which must have done nothing yet. */
  constructor(cluster: Cluster, self: ReplicaId, dialect: Dialect = "linear-hybster") {
    this.#cluster = cluster;
    this.#self = self;
    this.#dialect = dialect;
    this.#subsystem = cluster.simulation.world.trust.createSubsystem(self);
    cluster.crash(self);
  }

  /** A proposal of a batch in its own D-instance, certified. */
  batch(requests: readonly Request[], place?: Place): Proposal {
    return this.certify(this.#self, encodeBatch(requests, digestOf), [], place);
  }

  /** A proposal of the O-instance, certified; good evidence or bad is the test's to give. */
  order(entries: readonly Entry[], evidence: readonly Evidence[], place?: Place): Proposal {
    return this.certify(this.#cluster.oInstance, encodeOrderValue(entries, digestOf), evidence, place);
  }

  certify(instance: InstanceId, value: Value, evidence: readonly Evidence[], place: Place = {}): Proposal {
    const { seq = (this.#last.get(instance) ?? 0) + 1, view = 0, extension = 0 } = place;
    this.#last.set(instance, seq);
    const content = { view, seq, digest: value.digest, extension };
    if (this.#dialect === "pbft") {
      const { certificate } = this.#grant(headerClaim(instance, content));
      const rest = { share: NOTHING, certificate, value, evidence };
      return new Proposal({ kind: MessageKind.PrePrepare, ...content, ...rest });
    }
    const { share, certificate } = this.#grant(slotClaim(instance, content));
    return new Proposal({ kind: MessageKind.Prepare, ...content, share, certificate, value, evidence });
  }

  /** Its way from view 0 of an instance of Linear Hybster to this view, with the proposals that it says it voted for. */
  leave(instance: InstanceId, to: View, prepares: readonly Proposal[]): ViewChange {
    const content = {
      ...{ sender: this.#self, to, base: 0, baseDigest: FIRST_VIEW_DIGEST, anchor: null, chain: [] },
      oLast: prepares.at(-1)?.seq ?? 0,
      prepares: prepares.map((prepare) => prepare.header()),
    };
    const draft = ViewChange.of({ ...content, old: { view: 0, seq: 0 }, certificate: NOTHING }, digestOf);
    const { old, certificate } = this.#grant(
      departureClaim(instance, { to, digest: draft.digest, old: null }),
    );
    return draft.certified(present(old, "the value before"), certificate);
  }

  send(instance: InstanceId, message: Message, ...to: readonly ReplicaId[]): void {
    const { network } = this.#cluster.simulation.world;
    const receivers = to.length > 0 ? to : this.#cluster.replicas.filter((replica) => replica !== this.#self);
    for (const receiver of receivers)
      network.send({ from: this.#self, to: receiver, instance, content: message });
  }

  #grant(claim: TrustedClaim): JobResult & { readonly type: "certified" } {
    const result = this.#cluster.simulation.world.trust.certify(this.#self, this.#subsystem, claim);
    invariant(result.type === "certified", "even a Byzantine replica's subsystem grants a slot once");
    return result;
  }
}
