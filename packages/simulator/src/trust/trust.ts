import type { JobResult, Share } from "@destiny/core/effects/effects";
import { type Configuration, configurationOf } from "@destiny/core/kernel/configurations";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest, InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import { invariant, present } from "@destiny/core/kernel/invariant";
import type { Identities } from "@destiny/core/replica/membership";
import type { AdmissionCheck, Check, ClientCheck, IdentityCheck, ShareCheck } from "@destiny/core/wire/check";
import { type Claim, isTrusted, schemeOf, statementOf, viewNamedBy } from "@destiny/core/wire/claim";
import type { Message } from "@destiny/core/wire/messages";
import { fromDigest } from "@destiny/core/wire/reader";
import { GENESIS_ROSTER, type Roster } from "@destiny/core/wire/roster";
import {
  assignStatement,
  identityStatement,
  type Preamble,
  requestStatement,
} from "@destiny/core/wire/statement";
import type { SubsystemIdentity } from "@destiny/core/wire/subsystem-identity";
import { ModelScheme, modelShare } from "@destiny/crypto/certificates/model";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { requestOfClaim } from "@destiny/crypto/trusted/request-of-claim";
import { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import { ModelKeys } from "./model-keys.ts";

/** That of every replica at first. Later ones count up: here nobody has to be surprised by them. */
const FIRST_EPOCH = 1;
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
  /** Of the trusted subsystem that signed, or that the host has. */
  readonly bootEpoch: number;
  readonly claim: Claim;
  readonly result: JobResult & { readonly type: "certified" };
}

/** All the keys of one simulated cluster: its certificate schemes, trusted subsystems and clients, by model cryptography. */
export class Trust {
  readonly preamble: Preamble;
  readonly #options: TrustOptions;
  /** By configuration. */
  readonly #tau: ModelScheme[];
  readonly #pi: ModelScheme;
  readonly #sigma: ModelScheme;
  readonly #keys: ModelKeys;
  /** Messages found authentic, and for which instance: checking is pure, and receivers share the object. */
  readonly #authentic = new WeakMap<Message, InstanceId>();

  readonly #watchers: ((signed: Signed) => void)[] = [];
  /** Epoch of the newest subsystem of each replica. */
  readonly #epochs: number[];
  readonly #epochOf = new WeakMap<ThreshSign, number>();
  /** The newest that any replica knows. */
  #roster: Roster = GENESIS_ROSTER;
  readonly #estranged = new Set<ReplicaId>();

  constructor(options: TrustOptions) {
    const { faults, seed } = options;
    const { n, quorum, oneCorrect, fastQuorum } = faults;
    this.#options = options;
    this.preamble = { cluster: digestOf(new TextEncoder().encode(`cluster ${seed}`)), configuration: 0 };
    this.#tau = [new ModelScheme({ kind: "threshold", n, threshold: quorum, seed: `tau ${seed}` })];
    this.#pi = new ModelScheme({ kind: "threshold", n, threshold: oneCorrect, seed: `pi ${seed}` });
    this.#sigma = new ModelScheme({ kind: "threshold", n, threshold: fastQuorum, seed: `sigma ${seed}` });
    this.#keys = new ModelKeys(`keys ${seed}`);
    this.#epochs = new Array<number>(n).fill(FIRST_EPOCH);
  }

  /** Is told of everything that replicas sign, before they know of it themselves. */
  watch(watcher: (signed: Signed) => void): void {
    this.#watchers.push(watcher);
  }

  /** A trusted subsystem of the genesis: its counters at 0. */
  createSubsystem(replica: ReplicaId): ThreshSign {
    return this.#create(replica, FIRST_EPOCH);
  }

  /** One that takes the place of another, whose memory is lost: its identity is new, and nobody has admitted it. */
  renewSubsystem(replica: ReplicaId): ThreshSign {
    const epoch = (this.#epochs[replica] ?? FIRST_EPOCH) + 1;
    this.#epochs[replica] = epoch;
    return this.#create(replica, epoch);
  }

  /** Who the replicas are, for one of them whose subsystem this is. */
  identities(replica: ReplicaId, subsystem: ThreshSign): Identities {
    const genesis = Array.from({ length: this.#options.faults.n }, (_, id) => ({
      hostKey: this.#hostKey(id),
      ...this.#selfDescription(id, FIRST_EPOCH),
    }));
    return { genesis, own: this.#selfDescription(replica, this.#epochOf.get(subsystem) ?? FIRST_EPOCH) };
  }

  /** What this replica says of key tables is not believed from now on: it remembers wrongly. */
  estrange(replica: ReplicaId): void {
    this.#estranged.add(replica);
  }

  /** A replica knows these key tables. All that those know who remember rightly are one sequence. */
  configure(roster: Roster, replica: ReplicaId): void {
    if (this.#estranged.has(replica)) return;
    const ahead = roster.configuration > this.#roster.configuration;
    const [older, newer] = ahead ? [this.#roster, roster] : [roster, this.#roster];
    const { configuration } = older;
    invariant(
      newer.table(configuration, digestOf) === older.table(configuration, digestOf),
      "all replicas have the same key tables",
    );
    this.#roster = newer;
  }

  #create(replica: ReplicaId, bootEpoch: number): ThreshSign {
    const secret = this.#shareSecret(replica, bootEpoch);
    const subsystem = new ThreshSign({
      preamble: this.preamble,
      replica,
      bootEpoch,
      instances: this.#options.instances,
      shares: {
        sign: async (statements) => statements.map((statement) => modelShare(secret, statement)),
        signSync: (statement) => modelShare(secret, statement),
      },
      identity: { sign: this.#keys.signer(this.#identity(replica, bootEpoch)) },
    });
    this.#epochOf.set(subsystem, bootEpoch);
    return subsystem;
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
    const bootEpoch = this.#epochOf.get(subsystem) ?? FIRST_EPOCH;
    if (result.type === "certified")
      for (const watcher of this.#watchers) watcher({ replica, bootEpoch, claim, result });
    return result;
  }

  #sign(replica: ReplicaId, subsystem: ThreshSign, claim: Claim): JobResult {
    if (claim.type === "request") {
      const certificate = this.#keys.signer(this.#hostKey(replica))(this.#statement(claim));
      return { type: "certified", share: NOTHING, certificate };
    }
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
      case "identity":
        return this.#epochsFor(check).some((bootEpoch) => this.#isBy(bootEpoch, check));
      case "certificate":
        return this.#scheme(check.claim).verifySync(this.#statement(check.claim), check.aggregate);
      case "share":
        return this.#verifiesShare(check);
      case "client":
        check.subject.valid = this.#signedByClient(check);
        return true;
      case "admission":
        check.subject.valid = this.#isAttested(check);
        return true;
      case "later":
        return false;
    }
  }

  /** A claim that names a view is certified by the identity of its configuration; any other by whichever the replica has had. */
  #epochsFor({ signer, claim }: IdentityCheck): readonly number[] {
    const view = viewNamedBy(claim);
    if (view === null) {
      const admitted = this.#roster.of(signer)?.identities ?? [];
      return [FIRST_EPOCH, ...admitted.map(({ bootEpoch }) => bootEpoch)];
    }
    const identity = this.#roster.identity(signer, configurationOf(view, this.#options.faults.n));
    return identity === undefined ? [] : [identity?.bootEpoch ?? FIRST_EPOCH];
  }

  #isBy(bootEpoch: number, { signer: replica, claim, certificate }: IdentityCheck): boolean {
    const signed = identityStatement(this.preamble, { replica, bootEpoch }, this.#statement(claim));
    return this.#keys.verify(this.#identity(replica, bootEpoch), signed, certificate);
  }

  /** What a subsystem says of itself, and its model of proofs: nobody else's keys are these. */
  #isAttested({ replica, subsystem }: AdmissionCheck): boolean {
    const { bootEpoch } = subsystem;
    if (bootEpoch > (this.#epochs[replica] ?? 0)) return false;
    const own = this.#selfDescription(replica, bootEpoch);
    const fields = ["identityKey", "shareKey", "shareProof", "attestation"] as const;
    return fields.every((field) => Buffer.compare(own[field], subsystem[field]) === 0);
  }

  #selfDescription(replica: ReplicaId, bootEpoch: number): SubsystemIdentity {
    const key = this.#identity(replica, bootEpoch);
    const shareKey = fromDigest(this.#keys.publicKey(`share ${replica} ${bootEpoch}`));
    const attestation = this.#keys.signer(key)(shareKey);
    return { bootEpoch, tier: 0, identityKey: fromDigest(key), shareKey, shareProof: NOTHING, attestation };
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

  #identity(replica: ReplicaId, bootEpoch: number): Digest {
    return this.#keys.publicKey(bootEpoch === FIRST_EPOCH ? replica : `replica ${replica} ${bootEpoch}`);
  }

  #hostKey(replica: ReplicaId): Digest {
    return this.#keys.publicKey(`host ${replica}`);
  }

  #shareSecret(replica: ReplicaId, bootEpoch: number): string {
    if (bootEpoch === FIRST_EPOCH) return present(this.#tau[0], "the genesis").secret(replica);
    return digestOf(new TextEncoder().encode(`share ${replica} ${bootEpoch} ${this.#options.seed}`));
  }

  #scheme(claim: Claim): ModelScheme {
    const scheme = schemeOf(claim);
    if (scheme !== "tau") return scheme === "pi" ? this.#pi : this.#sigma;
    return this.#tauOf(configurationOf(viewNamedBy(claim) ?? 0, this.#options.faults.n));
  }

  /** The same scheme with the keys of a configuration. */
  #tauOf(configuration: Configuration): ModelScheme {
    const known = this.#tau[configuration];
    if (known !== undefined) return known;
    const { faults, seed } = this.#options;
    const { n, quorum: threshold } = faults;
    const secrets = Array.from({ length: n }, (_, replica) => {
      const { bootEpoch = FIRST_EPOCH } = this.#roster.identity(replica, configuration) ?? {};
      return this.#shareSecret(replica, bootEpoch);
    });
    const name = `tau ${seed} ${configuration}`;
    const scheme = new ModelScheme({ kind: "threshold", n, threshold, seed: name, secrets });
    this.#tau[configuration] = scheme;
    return scheme;
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
> &
  Partial<Pick<Trust, "renewSubsystem" | "identities" | "configure" | "estrange">> & {
    /** Whether a message of an instance needs no checks: it was found authentic before. Nobody knows, if absent. */
    knows?(instance: InstanceId, message: Message): boolean;
  };
