import { type Configuration, configurationOf } from "@destiny/core/kernel/configurations";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { type Claim, viewNamedBy } from "@destiny/core/wire/claim";
import { GENESIS_ROSTER, type Roster } from "@destiny/core/wire/roster";
import type { CertificateScheme } from "@destiny/crypto/certificates/scheme";

/** Schemes that are kept ready: those of the newest configurations. */
const SCHEMES_MAX = 8;

/** The identity of one replica's trusted subsystem. */
export interface TrustedIdentity {
  readonly bootEpoch: number;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface KeyTablesOptions {
  /** Those of the genesis, by replica. */
  readonly identities: readonly TrustedIdentity[];
  /** Commit certificates, by the keys of the genesis. */
  readonly tau: CertificateScheme;
  /** The same with other keys of some replicas; absent where nobody can be admitted again. */
  readonly replaced?: (keys: ReadonlyMap<ReplicaId, Uint8Array>) => CertificateScheme;
}

/** Whose certificates count, in every configuration that is known here (hybster.md 10.1). */
export class KeyTables {
  readonly #options: KeyTablesOptions;
  readonly #schemes = new Map<Configuration, CertificateScheme>();
  /** Each alone, as most remain. */
  readonly #genesis: readonly (readonly TrustedIdentity[])[];
  #roster: Roster = GENESIS_ROSTER;

  constructor(options: KeyTablesOptions) {
    this.#options = options;
    this.#genesis = options.identities.map((identity) => [identity]);
  }

  /** These tables are known from now on. */
  configure(roster: Roster): void {
    this.#roster = roster;
  }

  /**
   * Who may have certified a claim in a replica's name: the identity of the configuration that the claim names; any that it has
   * had, the newest first, if it names none.
   */
  identitiesOf(signer: ReplicaId, claim: Claim): readonly TrustedIdentity[] {
    const alone = present(this.#genesis[signer], "every replica has a trusted subsystem");
    const admitted = this.#roster.of(signer)?.identities ?? [];
    const [genesis] = alone;
    if (admitted.length === 0 || genesis === undefined) return alone;
    const view = viewNamedBy(claim);
    if (view === null) return [...admitted.map(asIdentity).reverse(), genesis];
    const identity = this.#roster.identity(signer, this.#configurationOf(view));
    if (identity === undefined) return [];
    return [identity === null ? genesis : asIdentity(identity)];
  }

  /** What commit certificates over a claim are checked and made with. */
  tauOf(claim: Claim): CertificateScheme {
    if (this.#roster.configuration === 0) return this.#options.tau;
    const configuration = this.#configurationOf(viewNamedBy(claim) ?? 0);
    return this.#schemes.get(configuration) ?? this.#open(configuration);
  }

  #open(configuration: Configuration): CertificateScheme {
    const keys = new Map<ReplicaId, Uint8Array>();
    for (const { replica } of this.#roster.members) {
      const identity = this.#roster.identity(replica, configuration);
      if (identity !== null && identity !== undefined) keys.set(replica, identity.shareKey);
    }
    const { tau, replaced } = this.#options;
    const scheme = keys.size === 0 || replaced === undefined ? tau : replaced(keys);
    const [oldest] = this.#schemes.keys();
    if (this.#schemes.size >= SCHEMES_MAX && oldest !== undefined) this.#schemes.delete(oldest);
    this.#schemes.set(configuration, scheme);
    return scheme;
  }

  #configurationOf(view: number): Configuration {
    return configurationOf(view, this.#options.identities.length);
  }
}

function asIdentity({
  bootEpoch,
  identityKey,
}: {
  bootEpoch: number;
  identityKey: Uint8Array;
}): TrustedIdentity {
  return { bootEpoch, publicKey: identityKey };
}
