import type { Digest, InstanceId, ReplicaId, SequenceNumber, View } from "@destiny/core/kernel/ids";
import { type Message, MessageKind } from "@destiny/core/wire/messages";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Signed } from "@destiny/simulator/trust/trust";
import type { Observer } from "../stage/observer.ts";
import { Memberships } from "./memberships.ts";
import { hex } from "./text.ts";
import { demand } from "./violation.ts";

/** What a slot's votes are for. */
export interface Ballot {
  readonly instance: InstanceId;
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
  readonly extension: number;
}

/** Who votes for exactly this. */
interface Tally {
  readonly ballot: Ballot;
  readonly voters: Set<ReplicaId>;
}

interface Slot {
  readonly votes: Map<string, Tally>;
  certified: Digest | null;
}

/** A slot whose value has a quorum behind it. */
export type CertifiedSlot = Pick<Ballot, "seq" | "view" | "digest">;

/**
 * S2: at most one value per slot has a quorum behind it, in whatever view. Counted are votes as they were really given, by
 * trusted subsystems or by messages sent, lost ones too: a quorum that nobody has collected yet is one all the same. A
 * subsystem's counts in views of configurations that have it.
 */
export class VoteLedger implements Observer {
  readonly #n: number;
  readonly #quorum: number;
  readonly #slots = new Map<string, Slot>();
  readonly #certified = new Map<InstanceId, CertifiedSlot[]>();
  /** Votes are what trusted subsystems sign, and not messages. */
  readonly #trusted: boolean;
  /** Slots with a certified value. */
  certifiedSlots = 0;
  readonly #members: Memberships;
  /** Votes in views of configurations that the log has not come to: nobody can say yet whether they count. */
  readonly #early: Signed[] = [];

  /** `trusted`: whether votes are what subsystems sign; else they are messages. */
  constructor(n: number, quorum: number, members: Memberships = Memberships.fixed(n), trusted = true) {
    this.#n = n;
    this.#trusted = trusted;
    this.#quorum = quorum;
    this.#members = members;
    members.onChange(() => {
      for (const signed of this.#early.splice(0)) this.signed(signed);
    });
  }

  signed(signed: Signed): void {
    const { replica, bootEpoch, claim } = signed;
    if (claim.type !== "slot" && claim.type !== "unique") return;
    const ballot = readSlotMessage(claim.instance, claim.message);
    if (ballot === null) return;
    const { view } = ballot;
    if (this.#members.configurationOf(view) > this.#members.configuration)
      return void this.#early.push(signed);
    if (!this.#members.speaks(replica, bootEpoch, view)) return;
    this.vote(replica, ballot);
    // A Commit of Hybster names no extension: the Prepare is counted with it, without.
    if (claim.type === "unique" && ballot.extension > 0) this.vote(replica, { ...ballot, extension: 0 });
  }

  sent({ from, to, instance, content }: Parcel): void {
    if (from >= this.#n || to >= this.#n) return;
    const message = content as Message & Partial<Ballot>;
    if (message.kind !== MessageKind.PbftCommit) return;
    const { view, seq, digest } = message;
    if (view !== undefined && seq !== undefined && digest !== undefined) {
      this.vote(from, { instance, view, seq, digest, extension: 0 });
    }
  }

  vote(replica: ReplicaId, ballot: Ballot): void {
    const slot = this.#slot(ballot.instance, ballot.seq);
    const key = `${ballot.view} ${ballot.extension} ${ballot.digest}`;
    const { voters } = slot.votes.get(key) ?? { voters: new Set() };
    slot.votes.set(key, { ballot, voters: voters.add(replica) });
    if (voters.size < this.#quorum || slot.certified === ballot.digest) return;
    this.certify(ballot, `by ${[...voters].join(", ")}`);
  }

  /** A value has enough replicas behind it, as `by` says. */
  certify(ballot: Ballot, by: string): void {
    const slot = this.#slot(ballot.instance, ballot.seq);
    const { certified } = slot;
    if (certified === ballot.digest) return;
    demand(certified === null, "S2 one certified value", () => conflict(ballot, certified ?? "", by));
    slot.certified = ballot.digest;
    this.certifiedSlots += 1;
    const { instance, seq, view, digest } = ballot;
    const slots = this.#certified.get(instance) ?? [];
    this.#certified.set(instance, slots);
    slots.push({ seq, view, digest });
  }

  /** How many replicas voted for exactly this. */
  voters(ballot: Ballot): number {
    return this.#votersOf(ballot)?.size ?? 0;
  }

  hasVoted(replica: ReplicaId, ballot: Ballot): boolean {
    return this.#votersOf(ballot)?.has(replica) === true;
  }

  /** The value that has a quorum behind it; null if none has. */
  certified(instance: InstanceId, seq: SequenceNumber): Digest | null {
    return this.#slots.get(`${instance} ${seq}`)?.certified ?? null;
  }

  /**
   * The same, for a replica that has executed it. Where votes are messages, its own may be missing: what followed from it was
   * durable, and it crashed before the vote had left.
   */
  certifiedTo(replica: ReplicaId, instance: InstanceId, seq: SequenceNumber): Digest | null {
    const certified = this.certified(instance, seq);
    if (certified !== null || this.#trusted) return certified;
    for (const { ballot, voters } of this.#slots.get(`${instance} ${seq}`)?.votes.values() ?? []) {
      const missing = this.#quorum - voters.size;
      if (missing === 1 && !voters.has(replica)) this.vote(replica, ballot);
    }
    return this.certified(instance, seq);
  }

  /** All slots of an instance that have a value with a quorum behind it, in the order in which they came to that. */
  certifiedIn(instance: InstanceId): readonly CertifiedSlot[] {
    return this.#certified.get(instance) ?? [];
  }

  #votersOf({ instance, seq, view, extension, digest }: Ballot): Set<ReplicaId> | undefined {
    return this.#slots.get(`${instance} ${seq}`)?.votes.get(`${view} ${extension} ${digest}`)?.voters;
  }

  #slot(instance: InstanceId, seq: SequenceNumber): Slot {
    const key = `${instance} ${seq}`;
    const found = this.#slots.get(key);
    if (found !== undefined) return found;
    const slot: Slot = { votes: new Map(), certified: null };
    this.#slots.set(key, slot);
    return slot;
  }
}

function conflict({ instance, seq, view, digest }: Ballot, other: Digest, by: string): string {
  return `instance ${instance} slot ${seq}: ${hex(digest)} is certified in view ${view} ${by}, and ${hex(other)} was before`;
}

/**
 * `("LH", v, o, d, x)` (linear-hybster.md 2), or `("P", v, o, d, x)` or `("C", v, o, d)` (hybster.md 2), read by hand; null if it
 * is none.
 */
export function readSlotMessage(instance: InstanceId, bytes: Uint8Array): Ballot | null {
  if (bytes.length !== 52 && bytes.length !== 46) return null;
  const at = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const u48 = (offset: number): number =>
    at.getUint32(offset, true) + at.getUint16(offset + 4, true) * 0x1_0000_0000;
  const digest = Buffer.from(bytes.subarray(14, 46)).toString("latin1");
  return { instance, view: u48(2), seq: u48(8), digest, extension: bytes.length > 46 ? u48(46) : 0 };
}
