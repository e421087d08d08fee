import { type InstanceId, REPLICAS_MAX } from "../kernel/ids.ts";
import { invariant } from "../kernel/invariant.ts";
import { ANCHOR_CODECS } from "./anchor.ts";
import { COMPOSITION_CODECS, readHeader, writeHeader } from "./composition.ts";
import { FORWARD_CODECS } from "./forward.ts";
import { LIMITS } from "./limits.ts";
import type { CodecTable, MessageCodec } from "./message-codec.ts";
import {
  AssignRequest,
  Certificate,
  CheckpointProof,
  CheckpointSig,
  type Evidence,
  ExecProof,
  ExecSig,
  type Message,
  MessageKind,
  Proposal,
  Pull,
  Status,
  Vote,
} from "./messages.ts";
import { PBFT_CODECS } from "./pbft-codec.ts";
import { DecodeError, Reader } from "./reader.ts";
import { ROSTER_CODECS } from "./roster.ts";
import { SBFT_CODECS } from "./sbft-codec.ts";
import { STATE_TRANSFER_CODECS } from "./state-transfer.ts";
import { PROTOCOL_VERSION } from "./statement.ts";
import { SUSPICION_CODECS } from "./suspicion.ts";
import { type Hash, Value } from "./value.ts";
import { VIEW_CHANGE_CODECS } from "./view-change-codec.ts";
import { Writer } from "./writer.ts";

const SIGNATURE_BYTES = 64;
/** Certificates that are lists of signatures. */
const LISTS: readonly MessageKind[] = [MessageKind.PbftEvidence, MessageKind.HybsterCertificate];

const proposal: MessageCodec = {
  write(message, out) {
    const p = message as Proposal;
    out.u48(p.view).u48(p.seq).u48(p.extension).bytes(p.certificate).bytes(p.share);
    // The value's digest is not sent: the receiver computes it. A header carries the digest instead.
    if (p.value === null) out.u8(0).digest(p.digest);
    else out.u8(1).bytes(p.value.bytes);
    out.u32(p.evidence.length);
    for (const item of p.evidence) writeEvidence(item, out);
  },
  read(kind, input, hash) {
    const view = input.u48();
    const seq = input.u48();
    const extension = input.u48();
    const certificate = input.bytes(LIMITS.certificateBytesMax).slice();
    const share = input.bytes(LIMITS.shareBytesMax).slice();
    const value = input.flag() ? Value.of(input.bytes(LIMITS.valueBytesMax), hash) : null;
    const digest = value === null ? input.digest() : value.digest;
    const count = input.count(LIMITS.evidenceMax, 4);
    const evidence: Evidence[] = [];
    for (let i = 0; i < count; i += 1) evidence.push(readEvidence(input, hash));
    return new Proposal({ kind, view, seq, extension, certificate, share, value, digest, evidence });
  },
};

const vote: MessageCodec = {
  write(message, out) {
    const v = message as Vote;
    out.u48(v.view).u48(v.seq).digest(v.digest).bytes(v.share);
  },
  read: (kind, input) =>
    new Vote({
      kind,
      view: input.u48(),
      seq: input.u48(),
      digest: input.digest(),
      share: input.bytes(LIMITS.shareBytesMax).slice(),
    }),
};

const certificate: MessageCodec = {
  write(message, out) {
    const c = message as Certificate;
    out.u48(c.view).u48(c.seq).digest(c.digest).u48(c.extension).bytes(c.aggregate);
  },
  read: (kind, input) =>
    new Certificate({
      kind,
      view: input.u48(),
      seq: input.u48(),
      digest: input.digest(),
      extension: input.u48(),
      aggregate: input.bytes(certificateLimit(kind)).slice(),
    }),
};

const pull: MessageCodec = {
  write(message, out) {
    const p = message as Pull;
    out
      .u48(p.first)
      .u48(p.last)
      .u8(p.values ? 1 : 0);
  },
  read: (_kind, input) => new Pull(input.u48(), input.u48(), input.flag()),
};

const execSig: MessageCodec = {
  write(message, out) {
    const e = message as ExecSig;
    out.u48(e.seq).u16(e.entry).digest(e.root).bytes(e.share);
  },
  read: (_kind, input) =>
    new ExecSig({
      seq: input.u48(),
      entry: input.u16(),
      root: input.digest(),
      share: input.bytes(LIMITS.shareBytesMax).slice(),
    }),
};

const execProof: MessageCodec = {
  write(message, out) {
    const e = message as ExecProof;
    out.u48(e.seq).u16(e.entry).digest(e.root).bytes(e.aggregate);
  },
  read: (_kind, input) =>
    new ExecProof({
      seq: input.u48(),
      entry: input.u16(),
      root: input.digest(),
      aggregate: input.bytes(LIMITS.certificateBytesMax).slice(),
    }),
};

const checkpointSig: MessageCodec = {
  write(message, out) {
    const c = message as CheckpointSig;
    out.u48(c.seq).digest(c.root).bytes(c.share);
  },
  read: (_kind, input) =>
    new CheckpointSig({
      seq: input.u48(),
      root: input.digest(),
      share: input.bytes(LIMITS.shareBytesMax).slice(),
    }),
};

const checkpointProof: MessageCodec = {
  write(message, out) {
    const c = message as CheckpointProof;
    out.u48(c.seq).digest(c.root).bytes(c.aggregate);
  },
  read: (_kind, input) =>
    new CheckpointProof({
      seq: input.u48(),
      root: input.digest(),
      aggregate: input.bytes(LIMITS.certificateBytesMax).slice(),
    }),
};

const status: MessageCodec = {
  write(message, out) {
    const s = message as Status;
    out.u48(s.executed).u48(s.stable).u32(s.decided.length);
    for (const seq of s.decided) out.u48(seq);
    out.u32(s.views.length);
    for (const view of s.views) out.u48(view);
  },
  read(_kind, input) {
    const executed = input.u48();
    const stable = input.u48();
    const decided = readNumbers(input);
    return new Status({ executed, stable, decided, views: readNumbers(input) });
  },
};

const assignRequest: MessageCodec = {
  write(message, out) {
    const a = message as AssignRequest;
    out.digest(a.client).u16(a.coordinator).u48(a.nonce).raw(a.signature);
  },
  read: (_kind, input) =>
    new AssignRequest({
      client: input.digest(),
      coordinator: input.u16(),
      nonce: input.u48(),
      signature: input.raw(SIGNATURE_BYTES).slice(),
    }),
};

/** Kind of message to codec: the only list of what may travel between replicas. */
const CODECS: CodecTable = {
  ...ANCHOR_CODECS,
  ...STATE_TRANSFER_CODECS,
  ...COMPOSITION_CODECS,
  ...SUSPICION_CODECS,
  ...FORWARD_CODECS,
  ...VIEW_CHANGE_CODECS,
  ...ROSTER_CODECS,
  [MessageKind.Prepare]: proposal,
  [MessageKind.CommitSig]: vote,
  [MessageKind.Commit]: certificate,
  [MessageKind.Pull]: pull,
  [MessageKind.ExecSig]: execSig,
  [MessageKind.ExecProof]: execProof,
  [MessageKind.CheckpointSig]: checkpointSig,
  [MessageKind.CheckpointProof]: checkpointProof,
  [MessageKind.Status]: status,
  [MessageKind.AssignRequest]: assignRequest,
  [MessageKind.PrePrepare]: proposal,
  [MessageKind.PbftPrepare]: vote,
  [MessageKind.PbftCommit]: vote,
  [MessageKind.PbftDecided]: vote,
  [MessageKind.PbftEvidence]: certificate,
  ...PBFT_CODECS,
  [MessageKind.SbftPrepare]: { ...certificate }, // No decision: it is no evidence of one.
  [MessageKind.SbftCommitShare]: vote,
  [MessageKind.SbftFast]: certificate,
  [MessageKind.SbftSlow]: certificate,
  [MessageKind.HybsterCommit]: vote,
  [MessageKind.HybsterCertificate]: certificate,
  ...SBFT_CODECS,
};

/** Bytes that a certificate's aggregate has at most. */
function certificateLimit(kind: MessageKind): number {
  return LISTS.includes(kind) ? LIMITS.evidenceBytesMax : LIMITS.certificateBytesMax;
}

/** One for each instance. */
function readNumbers(input: Reader): number[] {
  const count = input.count(REPLICAS_MAX + 1, 6);
  const numbers: number[] = [];
  for (let i = 0; i < count; i += 1) numbers.push(input.u48());
  return numbers;
}

function writeEvidence(evidence: Evidence, out: Writer): void {
  out.u16(evidence.instance).u8(evidence.message.kind);
  if (evidence.message instanceof Proposal) writeHeader(evidence.message, out);
  else certificate.write(evidence.message, out);
}

function readEvidence(input: Reader, hash: Hash): Evidence {
  const instance = input.u16();
  const kind = input.u8();
  if (CODECS[kind] === certificate) {
    return { instance, message: certificate.read(kind as MessageKind, input, hash) as Certificate };
  }
  if (CODECS[kind] !== proposal) throw new DecodeError("evidence is a header or a certificate");
  return { instance, message: readHeader(kind as MessageKind, input) };
}

/** The kinds of messages that may travel between replicas. */
export function codedKinds(): readonly number[] {
  return Object.keys(CODECS).map(Number);
}

/** What a frame carries. */
export interface Frame {
  readonly instance: InstanceId;
  readonly message: Message;
}

/** The bytes of a message, for every peer the same. */
export function encodeFrame(instance: InstanceId, message: Message): Uint8Array {
  const codec = CODECS[message.kind];
  invariant(codec !== undefined, "every kind of message has a codec");
  const out = new Writer(frameCapacity(message)).u8(PROTOCOL_VERSION).u16(instance).u8(message.kind);
  codec.write(message, out);
  return out.finish();
}

/** The message in a frame. Throws {@link DecodeError} on anything but exactly one message in its one spelling. */
export function decodeFrame(bytes: Uint8Array, hash: Hash): Frame {
  if (bytes.length > LIMITS.frameBytesMax) throw new DecodeError("a frame above its limit");
  const input = new Reader(bytes);
  if (input.u8() !== PROTOCOL_VERSION) throw new DecodeError("another protocol version");
  const instance = input.u16();
  const kind = input.u8();
  const codec = CODECS[kind];
  if (codec === undefined) throw new DecodeError(`an unknown kind of message, ${kind}`);
  const message = codec.read(kind as MessageKind, input, hash);
  input.end();
  return { instance, message };
}

function frameCapacity(message: Message): number {
  if (!(message instanceof Proposal)) return 256;
  return 512 + (message.value?.bytes.length ?? 0) + message.evidence.length * 256;
}
