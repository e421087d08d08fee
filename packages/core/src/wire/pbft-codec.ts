import { REPLICAS_MAX } from "../kernel/ids.ts";
import { type Anchor, readAnchor, writeAnchor } from "./anchor.ts";
import { LIMITS } from "./limits.ts";
import type { CodecTable } from "./message-codec.ts";
import { type Certificate, MessageKind } from "./messages.ts";
import {
  CommitStatement,
  DIGESTS_PER_SLOT_MAX,
  FetchStatement,
  PbftNewView,
  PbftStatus,
  PbftViewChange,
  PbftViewChangeAck,
  PbftViewChangeForward,
  PbftViewState,
  type PrePrepared,
  PreparedCertificate,
  type Selection,
  type Signed,
  type ViewChangeName,
} from "./pbft.ts";
import { DecodeError, Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** Slots that one view change speaks of at most: a window, and what its sender's watermark lags behind its anchor. */
const SLOTS_MAX = 1024;

function writePrepared(prepared: PreparedCertificate, out: Writer): void {
  const { view, seq, digest, extension, certificate, votes } = prepared;
  out.u48(view).u48(seq).digest(digest).u48(extension).bytes(certificate).u32(votes.length);
  for (const { signer, signature } of votes) out.u16(signer).bytes(signature);
}

function readPrepared(input: Reader): PreparedCertificate {
  const view = input.u48();
  const seq = input.u48();
  const digest = input.digest();
  const extension = input.u48();
  const certificate = input.bytes(LIMITS.shareBytesMax).slice();
  const votes = readList(input, { max: REPLICAS_MAX, bytesEach: 6 }, (): Signed => {
    return { signer: input.u16(), signature: input.bytes(LIMITS.shareBytesMax).slice() };
  });
  return new PreparedCertificate({ view, seq, digest, extension, certificate, votes });
}

/** The fields that a view change's digest and signature cover: all but the signature. */
export function viewChangeContent(message: PbftViewChange): Uint8Array {
  const out = new Writer(256 + message.prepared.length * 64 + message.preprepared.length * 44);
  writeViewChangeContent(message, out);
  return out.finish();
}

function writeViewChangeContent(message: PbftViewChange, out: Writer): void {
  const { view, sender, anchor, prepared, preprepared, count } = message;
  out.u48(view).u16(sender).u48(count);
  writeOptional(anchor, out);
  out.u32(prepared.length);
  for (const each of prepared) writePrepared(each, out);
  out.u32(preprepared.length);
  for (const each of preprepared) out.u48(each.seq).digest(each.digest).u48(each.view);
}

function writeViewChange(message: PbftViewChange, out: Writer): void {
  writeViewChangeContent(message, out);
  out.bytes(message.signature);
}

function readViewChange(input: Reader): PbftViewChange {
  const view = input.u48();
  const sender = input.u16();
  const count = input.u48();
  const anchor = readOptional(input);
  const prepared = readList(input, { max: SLOTS_MAX, bytesEach: 58 }, () => readPrepared(input));
  const bounds = { max: SLOTS_MAX * DIGESTS_PER_SLOT_MAX, bytesEach: 44 };
  const preprepared = readList(input, bounds, (): PrePrepared => {
    return { seq: input.u48(), digest: input.digest(), view: input.u48() };
  });
  const signature = input.bytes(LIMITS.shareBytesMax).slice();
  return new PbftViewChange({ view, sender, anchor, prepared, preprepared, count, signature });
}

/** The fields that a NewView's signature covers: all but the signature. */
export function newViewContent(message: PbftNewView): Uint8Array {
  const out = new Writer(256 + message.changes.length * 34 + message.selections.length * 108);
  writeNewViewContent(message, out);
  return out.finish();
}

function writeNewViewContent(message: PbftNewView, out: Writer): void {
  const { view, changes, anchor, selections, count, extension } = message;
  out.u48(view).u48(count).u48(extension);
  writeOptional(anchor, out);
  writeNames(changes, out);
  out.u32(selections.length);
  for (const { seq, digest, certificate } of selections) out.u48(seq).digest(digest).bytes(certificate);
}

/** Writes a NewView, in a message of its own or in the log. */
export function writeNewView(message: PbftNewView, out: Writer): void {
  writeNewViewContent(message, out);
  out.bytes(message.signature);
}

/** Reads what {@link writeNewView} wrote. Throws `DecodeError`. */
export function readNewView(input: Reader): PbftNewView {
  const view = input.u48();
  const count = input.u48();
  const extension = input.u48();
  const anchor = readOptional(input);
  const changes = readNames(input);
  const selections = readList(input, { max: SLOTS_MAX, bytesEach: 42 }, (): Selection => {
    const seq = input.u48();
    return { seq, digest: input.digest(), certificate: input.bytes(LIMITS.shareBytesMax).slice() };
  });
  const signature = input.bytes(LIMITS.shareBytesMax).slice();
  return new PbftNewView({ view, changes, anchor, selections, count, extension, signature });
}

function writeOptional(anchor: Anchor | null, out: Writer): void {
  out.u8(anchor === null ? 0 : 1);
  if (anchor !== null) writeAnchor(anchor, out);
}

function readOptional(input: Reader): Anchor | null {
  return input.flag() ? readAnchor(input) : null;
}

function writeNames(names: readonly ViewChangeName[], out: Writer): void {
  out.u32(names.length);
  for (const { sender, digest } of names) out.u16(sender).digest(digest);
}

function readNames(input: Reader): ViewChangeName[] {
  return readList(input, { max: REPLICAS_MAX, bytesEach: 34 }, () => {
    return { sender: input.u16(), digest: input.digest() };
  });
}

function readList<T>(input: Reader, bounds: { max: number; bytesEach: number }, read: () => T): T[] {
  const count = input.count(bounds.max, bounds.bytesEach);
  const list: T[] = [];
  for (let i = 0; i < count; i += 1) list.push(read());
  return list;
}

/** The statements that a piece of evidence is made of, one of a signer, in ascending order of signers. */
export function encodeStatements(statements: readonly CommitStatement[]): Uint8Array {
  const out = new Writer(4 + statements.length * 76).u32(statements.length);
  for (const { signer, view, signature } of statements) out.u16(signer).u48(view).bytes(signature);
  return out.finish();
}

/** What {@link encodeStatements} wrote about this slot and digest; null if it is none. */
export function decodeStatements(evidence: Certificate): readonly CommitStatement[] | null {
  const { seq, digest } = evidence;
  try {
    const input = new Reader(evidence.aggregate);
    const statements = readList(input, { max: REPLICAS_MAX, bytesEach: 12 }, () => {
      const [signer, view] = [input.u16(), input.u48()];
      const signature = input.bytes(LIMITS.shareBytesMax).slice();
      return new CommitStatement({ seq, digest, signer, view, signature });
    });
    input.end();
    return statements;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** Messages of PBFT alone; proposals, votes and evidence travel as those of any protocol. */
export const PBFT_CODECS: CodecTable = {
  [MessageKind.PbftPrepared]: {
    write: (message, out) => writePrepared(message as PreparedCertificate, out),
    read: (_kind, input) => readPrepared(input),
  },
  [MessageKind.PbftViewChange]: {
    write: (message, out) => writeViewChange(message as PbftViewChange, out),
    read: (_kind, input) => readViewChange(input),
  },
  [MessageKind.PbftViewChangeAck]: {
    write(message, out) {
      const { view, sender, digest } = message as PbftViewChangeAck;
      out.u48(view).u16(sender).digest(digest);
    },
    read: (_kind, input) =>
      new PbftViewChangeAck({ view: input.u48(), sender: input.u16(), digest: input.digest() }),
  },
  [MessageKind.PbftViewChangeForward]: {
    write: (message, out) => writeViewChange((message as PbftViewChangeForward).viewChange, out),
    read: (_kind, input) => new PbftViewChangeForward(readViewChange(input)),
  },
  [MessageKind.PbftNewView]: {
    write: (message, out) => writeNewView(message as PbftNewView, out),
    read: (_kind, input) => readNewView(input),
  },
  [MessageKind.CommitStatement]: {
    write(message, out) {
      const { view, seq, digest, signer, signature } = message as CommitStatement;
      out.u48(view).u48(seq).digest(digest).u16(signer).bytes(signature);
    },
    read: (_kind, input) =>
      new CommitStatement({
        view: input.u48(),
        seq: input.u48(),
        digest: input.digest(),
        signer: input.u16(),
        signature: input.bytes(LIMITS.shareBytesMax).slice(),
      }),
  },
  [MessageKind.FetchStatement]: {
    write: (message, out) => void out.u48((message as FetchStatement).seq),
    read: (_kind, input) => new FetchStatement(input.u48()),
  },
  [MessageKind.PbftStatus]: {
    write(message, out) {
      const { view, wanted } = message as PbftStatus;
      writeNames(wanted, out.u48(view));
    },
    read: (_kind, input) => new PbftStatus(input.u48(), readNames(input)),
  },
  [MessageKind.PbftViewState]: {
    write(message, out) {
      const { viewChange, newView } = message as PbftViewState;
      writeViewChange(viewChange, out);
      out.u8(newView === null ? 0 : 1);
      if (newView !== null) writeNewView(newView, out);
    },
    read(_kind, input) {
      const viewChange = readViewChange(input);
      return new PbftViewState(viewChange, input.flag() ? readNewView(input) : null);
    },
  },
};
