import { readAnchor } from "./anchor.ts";
import { LIMITS } from "./limits.ts";
import type { CodecTable } from "./message-codec.ts";
import { MessageKind } from "./messages.ts";
import { readNewView, writeNewView } from "./pbft-codec.ts";
import { DecodeError, type Reader } from "./reader.ts";
import {
  SbftShare,
  SbftViewChange,
  SbftViewChangeForward,
  SbftViewState,
  type SlotReport,
  writeSbftChange,
} from "./sbft.ts";
import type { Hash } from "./value.ts";
import type { Writer } from "./writer.ts";

/** Slots that one view change speaks of at most: a window, and what its sender's watermark lags behind its anchor. */
const SLOTS_MAX = 1024;
const SLOT_BYTES_MIN = 49;

function writeViewChange(change: SbftViewChange, out: Writer): void {
  writeSbftChange(change, out);
  out.bytes(change.signature);
}

function readViewChange(input: Reader, hash: Hash): SbftViewChange {
  const view = input.u48();
  const sender = input.u16();
  const count = input.u48();
  const anchor = input.flag() ? readAnchor(input) : null;
  const length = input.count(SLOTS_MAX, SLOT_BYTES_MIN);
  const slots: SlotReport[] = [];
  for (let i = 0; i < length; i += 1) slots.push(readSlot(input));
  const signature = input.bytes(LIMITS.shareBytesMax).slice();
  return SbftViewChange.of({ view, sender, anchor, slots, count, signature }, hash);
}

function readSlot(input: Reader): SlotReport {
  const seq = input.u48();
  const parts = input.u8();
  if (parts < 1 || parts > 3) throw new DecodeError("a slot is reported with one of two things, or both");
  const slow =
    (parts & 1) === 0
      ? null
      : {
          view: input.u48(),
          digest: input.digest(),
          aggregate: input.bytes(LIMITS.certificateBytesMax).slice(),
        };
  const fast =
    (parts & 2) === 0
      ? null
      : { view: input.u48(), digest: input.digest(), share: input.bytes(LIMITS.shareBytesMax).slice() };
  return { seq, slow, fast };
}

/** Messages of SBFT alone; proposals, votes, certificates and NewViews travel as those of other protocols. */
export const SBFT_CODECS: CodecTable = {
  [MessageKind.SbftShare]: {
    write(message, out) {
      const { view, seq, digest, fast, share } = message as SbftShare;
      out.u48(view).u48(seq).digest(digest).bytes(fast).bytes(share);
    },
    read: (_kind, input) =>
      new SbftShare({
        view: input.u48(),
        seq: input.u48(),
        digest: input.digest(),
        fast: input.bytes(LIMITS.shareBytesMax).slice(),
        share: input.bytes(LIMITS.shareBytesMax).slice(),
      }),
  },
  [MessageKind.SbftViewChange]: {
    write: (message, out) => writeViewChange(message as SbftViewChange, out),
    read: (_kind, input, hash) => readViewChange(input, hash),
  },
  [MessageKind.SbftViewChangeForward]: {
    write: (message, out) => writeViewChange((message as SbftViewChangeForward).viewChange, out),
    read: (_kind, input, hash) => new SbftViewChangeForward(readViewChange(input, hash)),
  },
  [MessageKind.SbftViewState]: {
    write(message, out) {
      const { viewChange, newView } = message as SbftViewState;
      writeViewChange(viewChange, out);
      out.u8(newView === null ? 0 : 1);
      if (newView !== null) writeNewView(newView, out);
    },
    read(_kind, input, hash) {
      const viewChange = readViewChange(input, hash);
      return new SbftViewState(viewChange, input.flag() ? readNewView(input) : null);
    },
  },
};
