import type { JobResult, Share } from "@destiny/core/effects/effects";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest, InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import type { Check } from "@destiny/core/wire/check";
import { type Claim, schemeOf } from "@destiny/core/wire/claim";
import type { Message } from "@destiny/core/wire/messages";
import { type CounterValue, compareCounterValues, type Preamble } from "@destiny/core/wire/statement";
import { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import type { ClusterTrust, Signed } from "./trust.ts";

/** How long things that prove something are, in bytes. */
export interface ProofSizes {
  /** A share of a commit certificate, and the certificate. */
  readonly share: number;
  readonly aggregate: number;
  /** A share of a proof of execution or of a checkpoint, and the proof. */
  readonly resultShare: number;
  readonly resultAggregate: number;
  /** A trusted subsystem's individual certificate. */
  readonly certificate: number;
}

const SIGNATURE = new Uint8Array(64);
const DIGEST_BYTES = 32;

/**
 * The keys of a cluster in which replicas only crash: signatures are bytes of the right length, everybody is believed, and
 * nothing is hashed, so that signing and checking take the simulator no time. Counters count, and go back for nobody.
 */
export class CrashTrust implements ClusterTrust {
  readonly preamble: Preamble = { cluster: "\0".repeat(DIGEST_BYTES), configuration: 0 };
  readonly #n: number;
  readonly #tau: JobResult & { readonly type: "certified" };
  readonly #unique: JobResult & { readonly type: "certified" };
  readonly #pi: JobResult & { readonly type: "certified" };
  readonly #aggregate: Uint8Array;
  readonly #resultAggregate: Uint8Array;
  /** By replica and instance: the last value of its ordering counter. */
  readonly #counters: CounterValue[][];
  readonly #watchers: ((signed: Signed) => void)[] = [];

  constructor(faults: FaultModel, sizes: ProofSizes) {
    this.#n = faults.n;
    this.#counters = Array.from({ length: faults.n }, () => []);
    const nothing = new Uint8Array(0);
    const certificate = new Uint8Array(sizes.certificate);
    this.#tau = { type: "certified", share: new Uint8Array(sizes.share), certificate };
    this.#unique = { type: "certified", share: nothing, certificate };
    this.#pi = { type: "certified", share: new Uint8Array(sizes.resultShare), certificate: nothing };
    this.#aggregate = new Uint8Array(sizes.aggregate);
    this.#resultAggregate = new Uint8Array(sizes.resultAggregate);
  }

  watch(watcher: (signed: Signed) => void): void {
    this.#watchers.push(watcher);
  }

  /** One that nobody asks: the counters are kept here. */
  createSubsystem(replica: ReplicaId): ThreshSign {
    const shares = { signSync: () => SIGNATURE, sign: async () => [] };
    const identity = { sign: () => SIGNATURE };
    return new ThreshSign({ preamble: this.preamble, replica, bootEpoch: 1, instances: 0, shares, identity });
  }

  /** The key of a client: any replica may be its home, number `client` modulo n. */
  clientKey(client: number): Digest {
    const home = client % this.#n;
    const index = Math.floor(client / this.#n);
    const key = new Array<number>(DIGEST_BYTES).fill(0);
    key[0] = client & 0xff;
    for (let i = 0; i < 4; i += 1) key[i + 1] = (index >>> (8 * i)) & 0xff;
    key[29] = home >> 8;
    key[30] = home & 0xff;
    return String.fromCharCode(...key);
  }

  clientSigner(): (statement: Uint8Array) => Uint8Array {
    return () => SIGNATURE;
  }

  certify(replica: ReplicaId, _subsystem: ThreshSign, claim: Claim): JobResult {
    const result = this.#sign(replica, claim);
    for (const watcher of this.#watchers) watcher({ replica, bootEpoch: 1, claim, result });
    return result;
  }

  combine(claim: Claim, _shares: readonly Share[]): JobResult {
    const aggregate = schemeOf(claim) === "pi" ? this.#resultAggregate : this.#aggregate;
    return { type: "combined", aggregate, culprits: [] };
  }

  authenticate(_instance: InstanceId, _message: Message, checks: readonly Check[]): boolean {
    return checks.every((check) => this.holds(check));
  }

  holds(check: Check): boolean {
    if (check.type === "client") check.subject.valid = true;
    return true;
  }

  /** Clients' requests are made valid, and nothing else is noted anywhere. */
  knows(): boolean {
    return true;
  }

  #sign(replica: ReplicaId, claim: Claim): JobResult & { readonly type: "certified" } {
    if (claim.type === "slot") this.#count(replica, claim.instance, claim.value);
    if (claim.type === "unique") {
      this.#count(replica, claim.instance, claim.value);
      return this.#unique;
    }
    if (claim.type === "succession") {
      const old = this.#count(replica, claim.instance, claim.value);
      return { ...this.#tau, share: new Uint8Array(0), old };
    }
    return schemeOf(claim) === "pi" ? this.#pi : this.#tau;
  }

  /** Moves a counter up, and gives the value before. */
  #count(replica: ReplicaId, instance: InstanceId, value: CounterValue): CounterValue {
    const counters = this.#counters[replica] as CounterValue[];
    const old = counters[instance] ?? { view: 0, seq: 0 };
    invariant(
      compareCounterValues(value, old) >= 0,
      "a replica that does not crash asks for no value of the past",
    );
    counters[instance] = value;
    return old;
  }
}
