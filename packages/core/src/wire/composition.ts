import { type InstanceId, type ReplicaId, ROOT, type SequenceNumber, type View } from "../kernel/ids.ts";
import type { Check } from "./check.ts";
import type { StatementClaim } from "./claim.ts";
import { LIMITS } from "./limits.ts";
import type { CodecTable } from "./message-codec.ts";
import { type Message, MessageKind, Proposal } from "./messages.ts";
import { DecodeError, type Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

const REINSTATE_TAG = 0x5249; // "RI"
const NOTHING: Uint8Array = new Uint8Array(0);

/** A D-proposal's header, passed on (DQBFT 3.2.4): its certificate speaks for it, its batch is to be had from the sender. */
export class HeaderRelay implements Message {
  readonly kind: MessageKind = MessageKind.HeaderRelay;
  readonly instance: InstanceId;
  readonly header: Proposal;

  constructor(instance: InstanceId, header: Proposal) {
    this.instance = instance;
    this.header = header;
  }
}

/**
 * A slot of a D-instance is ordered and not decided at the sender (dqbft.md 4.5). It proves nothing: whoever has not decided
 * that O-slot gets it, with proof, as its instance does; and what f + 1 replicas claim, a correct one does.
 */
export class Need implements Message {
  readonly kind: MessageKind = MessageKind.Need;
  readonly instance: InstanceId;
  readonly seq: SequenceNumber;
  /** The sender's decided prefix of the O-instance, in which the slot is ordered. */
  readonly ordered: SequenceNumber;

  constructor(fields: Omit<Need, "kind">) {
    this.instance = fields.instance;
    this.seq = fields.seq;
    this.ordered = fields.ordered;
  }
}

/** The sender wants its D-instance back (DQBFT 3.2.5, dqbft.md 6). */
export class Rejoin implements Message {
  readonly kind: MessageKind = MessageKind.Rejoin;
  readonly nonce: number;

  constructor(nonce: number) {
    this.nonce = nonce;
  }
}

/** "Are you well?", to a replica that wants its D-instance back. */
export class Challenge implements Message {
  readonly kind: MessageKind = MessageKind.Challenge;
  readonly nonce: number;

  constructor(nonce: number) {
    this.nonce = nonce;
  }
}

/** The answer to a {@link Challenge}: how far the sender has executed the order. */
export class Health implements Message {
  readonly kind: MessageKind = MessageKind.Health;
  readonly nonce: number;
  readonly executed: SequenceNumber;

  constructor(nonce: number, executed: SequenceNumber) {
    this.nonce = nonce;
    this.executed = executed;
  }
}

/** "Give this D-instance back to its home, in this view": signed, so that f + 1 of them can be passed on (dqbft.md 6). */
export class Reinstate implements Message {
  readonly kind: MessageKind = MessageKind.Reinstate;
  readonly instance: InstanceId;
  readonly view: View;
  /** Who says so; anybody may pass it on. */
  readonly signer: ReplicaId;
  readonly certificate: Uint8Array;

  constructor(fields: Omit<Reinstate, "kind">) {
    this.instance = fields.instance;
    this.view = fields.view;
    this.signer = fields.signer;
    this.certificate = fields.certificate;
  }
}

/** What a replica signs to reinstate another. */
export function reinstateClaim({ instance, view }: Pick<Reinstate, "instance" | "view">): StatementClaim {
  const message = new Writer(10).u16(REINSTATE_TAG).u16(instance).u48(view).finish();
  return { type: "statement", instance: ROOT, message };
}

export function reinstateCheck(message: Reinstate): Check {
  const { signer, certificate } = message;
  return { type: "identity", signer, claim: reinstateClaim(message), certificate };
}

/** Writes a proposal's header, as evidence or in a relay. */
export function writeHeader(header: Proposal, out: Writer): void {
  const { view, seq, extension, digest, certificate } = header;
  out.u48(view).u48(seq).u48(extension).digest(digest).bytes(certificate);
}

/** Reads what {@link writeHeader} wrote. Throws `DecodeError`. */
export function readHeader(kind: MessageKind, input: Reader): Proposal {
  const slot = { view: input.u48(), seq: input.u48(), extension: input.u48(), digest: input.digest() };
  const certificate = input.bytes(LIMITS.certificateBytesMax).slice();
  return new Proposal({ kind, ...slot, certificate, share: NOTHING, value: null, evidence: [] });
}

/** Kinds of proposals that have a header. */
const PROPOSALS: readonly number[] = [MessageKind.Prepare, MessageKind.PrePrepare];

export const COMPOSITION_CODECS: CodecTable = {
  [MessageKind.HeaderRelay]: {
    write(message, out) {
      const { instance, header } = message as HeaderRelay;
      out.u16(instance).u8(header.kind);
      writeHeader(header, out);
    },
    read(_kind, input) {
      const instance = input.u16();
      const kind = input.u8();
      if (!PROPOSALS.includes(kind)) throw new DecodeError("a relay of what is no proposal");
      return new HeaderRelay(instance, readHeader(kind as MessageKind, input));
    },
  },
  [MessageKind.Need]: {
    write(message, out) {
      const { instance, seq, ordered } = message as Need;
      out.u16(instance).u48(seq).u48(ordered);
    },
    read: (_kind, input) => new Need({ instance: input.u16(), seq: input.u48(), ordered: input.u48() }),
  },
  [MessageKind.Rejoin]: {
    write: (message, out) => void out.u48((message as Rejoin).nonce),
    read: (_kind, input) => new Rejoin(input.u48()),
  },
  [MessageKind.Challenge]: {
    write: (message, out) => void out.u48((message as Challenge).nonce),
    read: (_kind, input) => new Challenge(input.u48()),
  },
  [MessageKind.Health]: {
    write: (message, out) => void out.u48((message as Health).nonce).u48((message as Health).executed),
    read: (_kind, input) => new Health(input.u48(), input.u48()),
  },
  [MessageKind.Reinstate]: {
    write(message, out) {
      const { instance, view, signer, certificate } = message as Reinstate;
      out.u16(instance).u48(view).u16(signer).bytes(certificate);
    },
    read: (_kind, input) =>
      new Reinstate({
        instance: input.u16(),
        view: input.u48(),
        signer: input.u16(),
        certificate: input.bytes(LIMITS.certificateBytesMax).slice(),
      }),
  },
};
