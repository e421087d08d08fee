import type { Members } from "../agreement/agreement.ts";
import type { Effect } from "../effects/effects.ts";
import { CONFIGURATION_MAX, type Configuration } from "../kernel/configurations.ts";
import { type Digest, type ReplicaId, ROOT, type SequenceNumber } from "../kernel/ids.ts";
import type { PagedState } from "../service/service.ts";
import type { Admission, GenesisMember } from "../wire/admission.ts";
import { DecodeError } from "../wire/reader.ts";
import { decodeRoster, encodeRoster, GENESIS_ROSTER, type Roster } from "../wire/roster.ts";
import type { SubsystemIdentity } from "../wire/subsystem-identity.ts";
import type { Hash } from "../wire/value.ts";

/** Slots of the global order between two admissions of one replica, the first time; doubles with each (hybster.md 10.1). */
const BACK_OFF_SLOTS = 8;
const BACK_OFF_DOUBLINGS_MAX = 10;

/** Who the replicas are, in a cluster that can admit their trusted subsystems again. */
export interface Identities {
  /** By replica. */
  readonly genesis: readonly GenesisMember[];
  /** Our own trusted subsystem, as it is since this start. */
  readonly own: SubsystemIdentity;
}

export interface MembershipOptions {
  readonly self: ReplicaId;
  readonly hash: Hash;
  /** Null if nobody can be admitted again. */
  readonly identities: Identities | null;
  readonly push: (effect: Effect) => void;
}

/** Which trusted subsystems speak for the replicas: replicated state, and what is known of it beyond what is executed. */
export class Membership implements Members, PagedState {
  readonly pageCount = 1;
  readonly #options: MembershipOptions;
  /** As after the last slot executed. */
  #state: Roster = GENESIS_ROSTER;
  /** The newest that was ever executed here: a restart goes back behind it. */
  #known: Roster = GENESIS_ROSTER;
  #dirty = true;
  readonly #tables = new Map<Configuration, Digest>();

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get configuration(): Configuration {
    return this.#known.configuration;
  }

  get executed(): Configuration {
    return this.#state.configuration;
  }

  get ownSince(): Configuration {
    const { self, identities } = this.#options;
    if (identities === null) return 0;
    const current = this.#known.identity(self, this.configuration);
    const { bootEpoch } = current ?? identities.genesis[self] ?? { bootEpoch: -1 };
    if (bootEpoch !== identities.own.bootEpoch) return Number.POSITIVE_INFINITY;
    return current?.configuration ?? 0;
  }

  /** Boot epoch of a replica's present identity, as far as is executed here. */
  epochOf(replica: ReplicaId): number {
    const genesis = this.#options.identities?.genesis[replica]?.bootEpoch ?? 0;
    return this.#state.identity(replica, this.executed)?.bootEpoch ?? genesis;
  }

  since(replica: ReplicaId, configuration: Configuration): Configuration {
    const identity = this.#known.identity(replica, configuration);
    return identity === undefined ? Number.POSITIVE_INFINITY : (identity?.configuration ?? 0);
  }

  table(configuration: Configuration): Digest | null {
    if (configuration > this.configuration) return null;
    const known = this.#tables.get(configuration);
    if (known !== undefined) return known;
    const table = this.#known.table(configuration, this.#options.hash);
    if (table !== null) this.#tables.set(configuration, table);
    return table;
  }

  /** Whose host key this is; null if it is none. */
  hostOf(key: Digest): ReplicaId | null {
    const index = this.#options.identities?.genesis.findIndex(({ hostKey }) => hostKey === key) ?? -1;
    return index < 0 ? null : index;
  }

  /** Whether executing it at this slot would admit it: a function of its bytes and of the state. `key` has signed it. */
  admits(admission: Admission, key: Digest, seq: SequenceNumber): boolean {
    const { replica, predecessor, subsystem, valid } = admission;
    if (valid !== true || this.hostOf(key) !== replica || this.executed >= CONFIGURATION_MAX) return false;
    if (predecessor !== this.epochOf(replica) || subsystem.bootEpoch === predecessor) return false;
    const member = this.#state.of(replica);
    if (member !== null && seq < member.seq + backOff(member.admissions)) return false;
    return !this.#isUsed(subsystem);
  }

  /** Executes it. Whether it admitted anybody. */
  admit(admission: Admission, key: Digest, seq: SequenceNumber): boolean {
    if (!this.admits(admission, key, seq)) return false;
    this.#state = this.#state.admit(admission.replica, admission.subsystem, seq);
    this.#dirty = true;
    this.#learn(this.#state);
    return true;
  }

  /** From our own log. */
  recover(roster: Roster): void {
    if (roster.configuration > this.configuration) this.#known = roster;
  }

  /** After a restart: the edge has to know all keys before the first message. */
  start(): void {
    if (this.configuration > 0) this.#options.push({ type: "configure", roster: this.#known });
  }

  takeDirty(): readonly number[] {
    const dirty = this.#dirty ? [0] : [];
    this.#dirty = false;
    return dirty;
  }

  page(_index: number): Uint8Array {
    return encodeRoster(this.#state);
  }

  load(pages: readonly Uint8Array[]): void {
    const [page] = pages;
    if (page === undefined || pages.length !== 1) throw new DecodeError("a roster of another shape");
    this.#state = decodeRoster(page);
    this.#dirty = true;
    this.#learn(this.#state);
  }

  /** Durable before anything that is certified in the new configuration leaves. */
  #learn(roster: Roster): void {
    if (roster.configuration <= this.configuration) return;
    this.#known = roster;
    this.#options.push({ type: "persist", record: { instance: ROOT, seq: 0, message: roster } });
    this.#options.push({ type: "configure", roster });
  }

  /** A key speaks for one replica, and an identity for one boot. */
  #isUsed(subsystem: SubsystemIdentity): boolean {
    const genesis: readonly Keys[] = this.#options.identities?.genesis ?? [];
    const admitted: readonly Keys[] = this.#state.members.flatMap(({ identities }) => identities);
    return [...genesis, ...admitted].some(
      (keys) => equal(keys.identityKey, subsystem.identityKey) || equal(keys.shareKey, subsystem.shareKey),
    );
  }
}

type Keys = Pick<SubsystemIdentity, "identityKey" | "shareKey">;

function backOff(admissions: number): number {
  return BACK_OFF_SLOTS * 2 ** Math.min(admissions - 1, BACK_OFF_DOUBLINGS_MAX);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
