import { slotClaim } from "@destiny/core/agreement/linear-hybster/claims";
import type { InstanceId, ReplicaId, SequenceNumber, View } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { type Entry, encodeOrderValue } from "@destiny/core/ordering/dqbft/order-value";
import { encodeBatch } from "@destiny/core/wire/batch";
import { type Evidence, type Message, MessageKind, Proposal } from "@destiny/core/wire/messages";
import type { Request } from "@destiny/core/wire/request";
import type { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import type { Cluster } from "./cluster.ts";

/** Where a proposal is certified: by default in the next slot of view 0. */
export interface Place {
  readonly seq?: SequenceNumber;
  readonly view?: View;
  /** What is certified as the end of the view's probation. */
  readonly extension?: SequenceNumber;
}

/**
 * A Byzantine primary in place of a replica: the test says what it proposes and to whom. Its trusted subsystem is as sound as
 * any: what it certifies is what it could have certified.
 */
export class Forger {
  readonly #cluster: Cluster;
  readonly #self: ReplicaId;
  readonly #subsystem: ThreshSign;
  readonly #last = new Map<InstanceId, SequenceNumber>();

  /** Takes the place of a replica, which must have done nothing yet. */
  constructor(cluster: Cluster, self: ReplicaId) {
    this.#cluster = cluster;
    this.#self = self;
    this.#subsystem = cluster.simulation.world.trust.createSubsystem(self);
    cluster.crash(self);
  }

  /** A proposal of a batch in its own D-instance, certified. */
  batch(requests: readonly Request[], place?: Place): Proposal {
    return this.certify(this.#self, encodeBatch(requests, digestOf), [], place);
  }

  /** A proposal of the O-instance, certified; good evidence or bad is the test's to give. */
  order(entries: readonly Entry[], evidence: readonly Evidence[]): Proposal {
    return this.certify(this.#cluster.oInstance, encodeOrderValue(entries, digestOf), evidence);
  }

  certify(instance: InstanceId, value: Value, evidence: readonly Evidence[], place: Place = {}): Proposal {
    const { seq = (this.#last.get(instance) ?? 0) + 1, view = 0, extension = 0 } = place;
    this.#last.set(instance, seq);
    const content = { view, seq, digest: value.digest, extension };
    const { trust } = this.#cluster.simulation.world;
    const result = trust.certify(this.#self, this.#subsystem, slotClaim(instance, content));
    invariant(result.type === "certified", "even a Byzantine replica's subsystem certifies a slot once");
    const { share, certificate } = result;
    return new Proposal({ kind: MessageKind.Prepare, ...content, share, certificate, value, evidence });
  }

  send(instance: InstanceId, message: Message, ...to: readonly ReplicaId[]): void {
    const { network } = this.#cluster.simulation.world;
    const receivers = to.length > 0 ? to : this.#cluster.replicas.filter((replica) => replica !== this.#self);
    for (const receiver of receivers)
      network.send({ from: this.#self, to: receiver, instance, content: message });
  }
}
