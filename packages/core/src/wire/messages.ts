import type { Digest, InstanceId, ReplicaId, SequenceNumber, View } from "../kernel/ids.ts";
import type { Authenticity } from "./check.ts";
import type { Value } from "./value.ts";

/** Tags on the wire. A number is never used again for something else. */
export const MessageKind = {
  /** Linear Hybster: the primary's proposal, counter-certified. */
  Prepare: 1,
  /** Linear Hybster: a replica's share, sent to the collector. */
  CommitSig: 2,
  /** Linear Hybster: the collector's aggregate, a transferable commit certificate. */
  Commit: 3,
  /** Linear Hybster: a replica leaves its view. */
  ViewChange: 4,
  /** Linear Hybster: the new primary opens a view. */
  NewView: 5,
  /** Linear Hybster: a replica found a NewView valid. */
  NewViewAck: 6,
  /** Linear Hybster, in the log only: where a replica is in its views. */
  ViewState: 7,
  /** Asks for what was missed. */
  Pull: 8,
  /** Asks for values by their digests. */
  FetchBodies: 9,
  /** A value, for who asked for its digest. */
  Body: 10,
  /** Asks for the NewView of a view, with what proves it. */
  FetchNewView: 11,
  ExecSig: 16,
  ExecProof: 17,
  CheckpointSig: 18,
  CheckpointProof: 19,
  Status: 20,
  AssignRequest: 21,
  /** A stable checkpoint with the orderer's part of the state: in view changes, and in the log. */
  Anchor: 22,
  /** A replica's signed suspicion of a view of one instance. */
  Complaint: 23,
  /** A client's request, on its way to its coordinator. */
  Forward: 24,
  /** DQBFT: a D-proposal's header, passed on. */
  HeaderRelay: 25,
  /** DQBFT: slots that are ordered and not disseminated. */
  Need: 26,
  Rejoin: 28,
  Challenge: 29,
  Health: 30,
  Reinstate: 31,
  /** PBFT, 32 to 47. */
  PrePrepare: 32,
  PbftPrepare: 33,
  PbftCommit: 34,
  PbftViewChange: 35,
  PbftViewChangeAck: 36,
  PbftNewView: 37,
  PbftViewChangeForward: 38,
  /** PBFT: "I sent Commit for this digest", signed: transferable evidence of a decision. */
  CommitStatement: 39,
  /** PBFT, in the log only: where a replica is in its views. */
  PbftViewState: 40,
  PbftStatus: 41,
  /** PBFT: "this digest is decided here". A claim: enough of them decide (pbft.md 12.5). Also in the log. */
  PbftDecided: 42,
  /** PBFT: commit statements of enough replicas, as a certificate. */
  PbftEvidence: 43,
  /** PBFT: in view changes, and in the log. */
  PbftPrepared: 44,
  /** PBFT: asks for a commit statement. */
  FetchStatement: 45,
  /** SBFT, 64 to 79; its proposals are PrePrepare, its NewViews those of PBFT. */
  SbftShare: 64,
  SbftPrepare: 65,
  SbftCommitShare: 66,
  /** SBFT: signed by all but c replicas: decided. Transferable. */
  SbftFast: 67,
  /** SBFT: a quorum holds a prepare certificate: decided. Transferable. */
  SbftSlow: 68,
  SbftViewChange: 69,
  SbftViewChangeForward: 70,
  /** SBFT, in the log only: where a replica is in its views. */
  SbftViewState: 71,
  /** Hybster, 80 to 95: a backup's certificate over a proposal, for all. Proposals and view changes are those of Linear Hybster. */
  HybsterCommit: 80,
  /** Hybster: a proposal's certificate and those of enough backups: decided. Transferable. */
  HybsterCertificate: 81,
  /** State transfer, 48 to 55. */
  FetchState: 48,
  StatePages: 49,
  StateDigests: 50,
  /** In the log only: the key tables of all configurations. */
  Roster: 56,
} as const;
export type MessageKind = (typeof MessageKind)[keyof typeof MessageKind];

/** Kinds that the log holds, as decided slots are served from it: values before the certificates that decide them. */
export const LOGGED_KINDS: readonly MessageKind[] = [
  MessageKind.Prepare,
  MessageKind.PrePrepare,
  MessageKind.Commit,
  MessageKind.PbftDecided,
  MessageKind.SbftFast,
  MessageKind.SbftSlow,
  MessageKind.HybsterCertificate,
];

/** Kinds that the log keeps once per instance, under sequence number 0, whatever the watermark is. */
export const KEPT_KINDS: readonly MessageKind[] = [
  MessageKind.ViewState,
  MessageKind.PbftViewState,
  MessageKind.SbftViewState,
  MessageKind.Anchor,
  MessageKind.Roster,
];

/** What the core sends and receives: immutable, shared by reference between the replicas of a simulation. */
export interface Message {
  readonly kind: MessageKind;
}

/** Transferable proof about a D-instance's slot that accompanies an O-proposal, outside its digest (dqbft.md 2). */
export interface Evidence {
  readonly instance: InstanceId;
  /** A header (a proposal without its value) or a commit certificate. */
  readonly message: Proposal | Certificate;
}

/** Carries a value, or only its header when the value is null. */
export class Proposal implements Message {
  readonly kind: MessageKind;
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
  /** Extension `x` that the layer above sets per view; certified with the slot (linear-hybster.md 2). */
  readonly extension: number;
  /** The proposer's individual trusted certificate. Empty in a draft that is not certified yet. */
  readonly certificate: Uint8Array;
  /** The proposer's own commit share. Empty in a header. */
  readonly share: Uint8Array;
  readonly value: Value | null;
  readonly evidence: readonly Evidence[];
  /** What its protocol signs of it, made when first needed: whoever shares this object shares it. */
  claim: object | null = null;
  /** As {@link claim}. */
  #header: Proposal | null = null;

  constructor(fields: Omit<Proposal, "header" | "claim">) {
    this.kind = fields.kind;
    this.view = fields.view;
    this.seq = fields.seq;
    this.digest = fields.digest;
    this.extension = fields.extension;
    this.certificate = fields.certificate;
    this.share = fields.share;
    this.value = fields.value;
    this.evidence = fields.evidence;
  }

  /** The same proposal without share, value and evidence: transferable, and small. */
  header(): Proposal {
    const { kind, view, seq, digest, extension, certificate } = this;
    const rest = { share: NOTHING, value: null, evidence: NONE };
    this.#header ??= new Proposal({ kind, view, seq, digest, extension, certificate, ...rest });
    return this.#header;
  }
}

/** Supports a digest, with the sender's share. */
export class Vote implements Message {
  readonly kind: MessageKind;
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
  readonly share: Uint8Array;

  constructor(fields: Vote) {
    this.kind = fields.kind;
    this.view = fields.view;
    this.seq = fields.seq;
    this.digest = fields.digest;
    this.share = fields.share;
  }
}

/** Proof of a quorum for a digest: transferable. */
export class Certificate implements Message {
  readonly kind: MessageKind;
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
  readonly extension: number;
  readonly aggregate: Uint8Array;

  constructor(fields: Certificate) {
    this.kind = fields.kind;
    this.view = fields.view;
    this.seq = fields.seq;
    this.digest = fields.digest;
    this.extension = fields.extension;
    this.aggregate = fields.aggregate;
  }
}

/** Asks for the proposals, votes and certificates of a range of slots (linear-hybster.md 4, gap rule). */
export class Pull implements Message {
  readonly kind: MessageKind = MessageKind.Pull;
  readonly first: SequenceNumber;
  readonly last: SequenceNumber;
  /** Whether the values are wanted too, or certificates suffice. */
  readonly values: boolean;

  constructor(first: SequenceNumber, last: SequenceNumber, values: boolean) {
    this.first = first;
    this.last = last;
    this.values = values;
  }
}

/** A replica's share over the results of one ordered entry, for the execution collector (linear-hybster.md 5). */
export class ExecSig implements Message {
  readonly kind: MessageKind = MessageKind.ExecSig;
  readonly seq: SequenceNumber;
  readonly entry: number;
  readonly root: Digest;
  readonly share: Uint8Array;

  constructor(fields: Omit<ExecSig, "kind">) {
    this.seq = fields.seq;
    this.entry = fields.entry;
    this.root = fields.root;
    this.share = fields.share;
  }
}

/** Proof that one correct replica at least executed an entry with these results. */
export class ExecProof implements Message {
  readonly kind: MessageKind = MessageKind.ExecProof;
  readonly seq: SequenceNumber;
  readonly entry: number;
  readonly root: Digest;
  readonly aggregate: Uint8Array;

  constructor(fields: Omit<ExecProof, "kind">) {
    this.seq = fields.seq;
    this.entry = fields.entry;
    this.root = fields.root;
    this.aggregate = fields.aggregate;
  }
}

/** A replica's share over the state after `seq`. */
export class CheckpointSig implements Message {
  readonly kind: MessageKind = MessageKind.CheckpointSig;
  readonly seq: SequenceNumber;
  readonly root: Digest;
  readonly share: Uint8Array;

  constructor(fields: Omit<CheckpointSig, "kind">) {
    this.seq = fields.seq;
    this.root = fields.root;
    this.share = fields.share;
  }
}

/** Proof of a stable checkpoint: transferable. */
export class CheckpointProof implements Message {
  readonly kind: MessageKind = MessageKind.CheckpointProof;
  readonly seq: SequenceNumber;
  readonly root: Digest;
  readonly aggregate: Uint8Array;

  constructor(fields: Omit<CheckpointProof, "kind">) {
    this.seq = fields.seq;
    this.root = fields.root;
    this.aggregate = fields.aggregate;
  }
}

/** How far a replica is, sent now and then for all its instances at once (dqbft.md 8). A hint: it proves nothing. */
export class Status implements Message {
  readonly kind: MessageKind = MessageKind.Status;
  /** Last slot of the global order executed. */
  readonly executed: SequenceNumber;
  /** Last stable checkpoint. */
  readonly stable: SequenceNumber;
  /** Decided prefix of every instance. */
  readonly decided: readonly SequenceNumber[];
  /** The view of every instance. */
  readonly views: readonly View[];

  constructor(fields: Omit<Status, "kind">) {
    this.executed = fields.executed;
    this.stable = fields.stable;
    this.decided = fields.decided;
    this.views = fields.views;
  }
}

/** A client's signed wish to be served by another coordinator, on its way to the O-primary (DQBFT 3.2.6). */
export class AssignRequest implements Message, Authenticity {
  readonly kind: MessageKind = MessageKind.AssignRequest;
  /** The client's public key. */
  readonly client: Digest;
  readonly coordinator: ReplicaId;
  /** Increases with every wish of this client. */
  readonly nonce: number;
  readonly signature: Uint8Array;
  valid: boolean | null = null;

  constructor(fields: Omit<AssignRequest, "kind" | "valid">) {
    this.client = fields.client;
    this.coordinator = fields.coordinator;
    this.nonce = fields.nonce;
    this.signature = fields.signature;
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);
const NONE: readonly Evidence[] = [];
