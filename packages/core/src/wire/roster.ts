import type { Configuration } from "../kernel/configurations.ts";
import type { Digest, ReplicaId, SequenceNumber } from "../kernel/ids.ts";
import { REPLICAS_MAX } from "../kernel/ids.ts";
import type { CodecTable } from "./message-codec.ts";
import { type Message, MessageKind } from "./messages.ts";
import { DecodeError, Reader } from "./reader.ts";
import { readIdentity, type SubsystemIdentity, writeIdentity } from "./subsystem-identity.ts";
import type { Hash } from "./value.ts";
import { Writer } from "./writer.ts";

/** Identities of one replica that are remembered, the newest. */
const IDENTITIES_MAX = 4;

/** An identity that was admitted, and the first configuration that has it. */
export interface Admitted extends SubsystemIdentity {
  readonly configuration: Configuration;
}

/** What is known of a replica that was admitted again. */
export interface Member {
  readonly replica: ReplicaId;
  /** How often it was. */
  readonly admissions: number;
  /** Slot of the global order at which it last was. */
  readonly seq: SequenceNumber;
  /** Oldest first. */
  readonly identities: readonly Admitted[];
}

/**
 * The key tables of all configurations, as what distinguishes them from the genesis (hybster.md 10.1). Immutable; the same at
 * every correct replica after the same slot.
 */
export class Roster implements Message {
  readonly kind: MessageKind = MessageKind.Roster;
  /** The newest one: each admission makes one more. */
  readonly configuration: Configuration;
  /** In the order of the replicas. */
  readonly members: readonly Member[];

  constructor(configuration: Configuration, members: readonly Member[]) {
    this.configuration = configuration;
    this.members = members;
  }

  of(replica: ReplicaId): Member | null {
    return this.members.find((member) => member.replica === replica) ?? null;
  }

  /** The identity of a replica in a configuration: null if it is that of the genesis, undefined if nobody remembers it. */
  identity(replica: ReplicaId, configuration: Configuration): Admitted | null | undefined {
    if (configuration > this.configuration) return undefined;
    const member = this.of(replica);
    if (member === null) return null;
    const known = member.identities.findLast((each) => each.configuration <= configuration);
    return known ?? (member.admissions > member.identities.length ? undefined : null);
  }

  /** Digest of what a configuration changes in the table of the genesis; null for the genesis itself. */
  table(configuration: Configuration, hash: Hash): Digest | null {
    if (configuration === 0) return null;
    const out = new Writer(512).u32(configuration);
    for (const { replica } of this.members) {
      const identity = this.identity(replica, configuration);
      if (identity === null || identity === undefined) continue;
      out.u16(replica).u32(identity.configuration);
      writeIdentity(identity, out);
    }
    return hash(out.finish());
  }

  /** One configuration more, in which this identity takes the place of the replica's former one. */
  admit(replica: ReplicaId, subsystem: SubsystemIdentity, seq: SequenceNumber): Roster {
    const before = this.of(replica);
    const configuration = this.configuration + 1;
    const identities = [...(before?.identities ?? []), { ...subsystem, configuration }];
    const member = {
      replica,
      admissions: (before?.admissions ?? 0) + 1,
      seq,
      identities: identities.slice(-IDENTITIES_MAX),
    };
    const others = this.members.filter((each) => each.replica !== replica);
    const members = [...others, member].sort((a, b) => a.replica - b.replica);
    return new Roster(configuration, members);
  }
}

/** The roster of a cluster in which nobody was admitted again. */
export const GENESIS_ROSTER: Roster = new Roster(0, []);

/** As a page of the replicated state. */
export function encodeRoster(roster: Roster): Uint8Array {
  const out = new Writer(16);
  writeRoster(roster, out);
  return out.finish();
}

/** Throws {@link DecodeError}. */
export function decodeRoster(bytes: Uint8Array): Roster {
  const input = new Reader(bytes);
  const roster = readRoster(input);
  input.end();
  return roster;
}

function writeRoster({ configuration, members }: Roster, out: Writer): void {
  out.u32(configuration).u32(members.length);
  for (const { replica, admissions, seq, identities } of members) {
    out.u16(replica).u32(admissions).u48(seq).u32(identities.length);
    for (const identity of identities) {
      out.u32(identity.configuration);
      writeIdentity(identity, out);
    }
  }
}

function readRoster(input: Reader): Roster {
  const configuration = input.u32();
  const count = input.count(REPLICAS_MAX, 16);
  const members = Array.from({ length: count }, () => readMember(input));
  const ordered = members.every(({ replica }, index) => replica > (members[index - 1]?.replica ?? -1));
  if (!ordered) throw new DecodeError("members out of order");
  return new Roster(configuration, members);
}

function readMember(input: Reader): Member {
  const [replica, admissions, seq] = [input.u16(), input.u32(), input.u48()];
  const count = input.count(IDENTITIES_MAX, 27);
  const identities = Array.from({ length: count }, () => ({
    configuration: input.u32(),
    ...readIdentity(input),
  }));
  return { replica, admissions, seq, identities };
}

export const ROSTER_CODECS: CodecTable = {
  [MessageKind.Roster]: {
    write: (message, out) => writeRoster(message as Roster, out),
    read: (_kind, input) => readRoster(input),
  },
};
