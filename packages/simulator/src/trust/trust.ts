import type { JobResult, Share } from "@destiny/core/effects/effects";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest, InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import type { Check, ClientCheck, ShareCheck } from "@destiny/core/wire/check";
import { type Claim, isTrusted, schemeOf, statementOf } from "@destiny/core/wire/claim";
import type { Message } from "@destiny/core/wire/messages";
import {
  assignStatement,
  identityStatement,
  type Preamble,
  requestStatement,
} from "@destiny/core/wire/statement";
import { ModelScheme, modelShare } from "@destiny/crypto/certificates/model";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { requestOfClaim } from "@destiny/crypto/trusted/request-of-claim";
import { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import { ModelKeys } from "./model-keys.ts";

const BOOT_EPOCH = 1;
const NOTHING: Uint8Array = new Uint8Array(0);

export interface TrustOptions {
  readonly faults: FaultModel;
  /** Instances that the trusted subsystems certify for. */
  readonly instances: number;
  readonly seed: number;
}

/** Something that a replica signed, by its subsystem or its own key. */
export interface Signed {
  readonly replica: ReplicaId;
  readonly claim: Claim;
  readonly result: JobResult & { readonly type: "certified" };
}

/** All the keys of one simulated cluster: its certificate schemes, trusted subsystems and clients, by model cryptography. */
export class Trust {
  readonly preamble: Preamble;
  readonly #options: TrustOptions;
  readonly #tau: ModelScheme;
  readonly #pi: ModelScheme;
  readonly #sigma: ModelScheme;
  readonly #keys: ModelKeys;
  /** Messages found authentic, and for which instance: checking is pure, and receivers share the object. */
  readonly #authentic = new WeakMap<Message, InstanceId>();

  readonly #watchers: ((signed: Signed) => void)[] = [];

  constructor(options: TrustOptions) {
    const { faults, seed } = options;
    const { n, quorum, oneCorrect, fastQuorum } = faults;
    this.#options = options;
    this.preamble = { cluster: digestOf(new TextEncoder().encode(`cluster ${seed}`)), configuration: 0 };
    this.#tau = new ModelScheme({ kind: "threshold", n, threshold: quorum, seed: `tau ${seed}` });
    this.#pi = new ModelScheme({ kind: "threshold", n, threshold: oneCorrect, seed: `pi ${seed}` });
    this.#sigma = new ModelScheme({ kind: "threshold", n, threshold: fastQuorum, seed: `sigma ${seed}` });
    this.#keys = new ModelKeys(`keys ${seed}`);
  }

  /** Is told of everything that replicas sign, before they know of it themselves. */
  watch(watcher: (signed: Signed) => void): void {
    this.#watchers.push(watcher);
  }

  /** A trusted subsystem, fresh: its counters at 0. */
  createSubsystem(replica: ReplicaId): ThreshSign {
    return new ThreshSign({
      preamble: this.preamble,
      replica,
      bootEpoch: BOOT_EPOCH,
      instances: this.#options.instances,
      shares: this.#tau.signer(replica),
      identity: { sign: this.#keys.signer(this.#identity(replica)) },
    });
  }

  /** The public key of a client by its number. */
  clientKey(client: number): Digest {
    return this.#keys.publicKey(this.#options.faults.n + client);
  }

  /** Signs statements in a client's name. */
  clientSigner(key: Digest): (statement: Uint8Array) => Uint8Array {
    return this.#keys.signer(key);
  }

  /** A replica's share over a claim: from its trusted subsystem where the claim asks for that. */
  certify(replica: ReplicaId, subsystem: ThreshSign, claim: Claim): JobResult {
    const result = this.#sign(replica, subsystem, claim);
    if (result.type === "certified")
      for (const watcher of this.#watchers) watcher({ replica, claim, result });
    return result;
  }

  #sign(replica: ReplicaId, subsystem: ThreshSign, claim: Claim): JobResult {
    if (!isTrusted(claim)) {
      const share = modelShare(this.#scheme(claim).secret(replica), this.#statement(claim));
      return { type: "certified", share, certificate: NOTHING };
    }
    const outcome = subsystem.certify(requestOfClaim(claim));
    if (!outcome.ok) return { type: "refused" };
    const { share = NOTHING, certificate, old } = outcome;
    return { type: "certified", share, certificate, ...(old !== undefined && { old }) };
  }

  combine(claim: Claim, shares: readonly Share[]): JobResult {
    const { certificate, culprits } = this.#scheme(claim).combineSync(this.#statement(claim), shares);
    return { type: "combined", aggregate: certificate ?? null, culprits: culprits ?? [] };
  }

  /** Whether a message of this instance is what its checks ask for; client checks are noted in their subjects. */
  authenticate(instance: InstanceId, message: Message, checks: readonly Check[]): boolean {
    if (this.#authentic.get(message) === instance) return true;
    if (!checks.every((check) => this.holds(check))) return false;
    this.#authentic.set(message, instance);
    return true;
  }

  /** Whether a check holds. A client's never makes a message invalid: the answer is noted in its subject. */
  holds(check: Check): boolean {
    switch (check.type) {
      case "identity": {
        const statement = this.#statement(check.claim);
        const signer = { replica: check.signer, bootEpoch: BOOT_EPOCH };
        const signed = identityStatement(this.preamble, signer, statement);
        return this.#keys.verify(this.#identity(check.signer), signed, check.certificate);
      }
      case "certificate":
        return this.#scheme(check.claim).verifySync(this.#statement(check.claim), check.aggregate);
      case "share":
        return this.#verifiesShare(check);
      case "client":
        check.subject.valid = this.#signedByClient(check);
        return true;
    }
  }

  #verifiesShare({ claim, signer, share }: ShareCheck): boolean {
    return this.#scheme(claim).verifyShareSync(this.#statement(claim), signer, share);
  }

  #signedByClient({ client, statement, signature }: ClientCheck): boolean {
    const bytes =
      statement.type === "request"
        ? requestStatement(this.preamble, statement.digest)
        : assignStatement(this.preamble, statement.coordinator, statement.nonce);
    return this.#keys.verify(client, bytes, signature);
  }

  #identity(replica: ReplicaId): Digest {
    return this.#keys.publicKey(replica);
  }

  #scheme(claim: Claim): ModelScheme {
    const schemes = { tau: this.#tau, pi: this.#pi, sigma: this.#sigma };
    return schemes[schemeOf(claim)];
  }

  #statement(claim: Claim): Uint8Array {
    return statementOf(claim, this.preamble, digestOf);
  }
}

/** What a simulated cluster needs of its keys: {@link Trust}, or something cheaper where nobody attacks. */
export type ClusterTrust = Pick<
  Trust,
  | "preamble"
  | "watch"
  | "createSubsystem"
  | "clientKey"
  | "clientSigner"
  | "certify"
  | "combine"
  | "authenticate"
  | "holds"
> & {
  /** Whether a message of an instance needs no checks: it was found authentic before. Nobody knows, if absent. */
  knows?(instance: InstanceId, message: Message): boolean;
};
