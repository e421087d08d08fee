import { requestsOf } from "@destiny/core/wire/batch";
import {
  type ClientMessage,
  encodeClientMessage,
  encodeReplicaMessage,
} from "@destiny/core/wire/client-protocol";
import { encodeFrame } from "@destiny/core/wire/codec";
import { Forward } from "@destiny/core/wire/forward";
import { type Message, MessageKind, Proposal } from "@destiny/core/wire/messages";
import type { Reply } from "@destiny/core/wire/reply";
import type { Value } from "@destiny/core/wire/value";
import { Body } from "@destiny/core/wire/view-change";
import type { Sizes } from "../network/sizes.ts";
import { fastDigest } from "../trust/fast-digest.ts";
import type { CostProfile } from "./cost-profile.ts";

/** Kinds of which all messages of one run are equally long: their proofs are. */
const FIXED: readonly MessageKind[] = [
  MessageKind.CommitSig,
  MessageKind.Commit,
  MessageKind.HybsterCommit,
  MessageKind.PbftPrepare,
  MessageKind.PbftCommit,
  MessageKind.PbftDecided,
  MessageKind.ExecSig,
  MessageKind.ExecProof,
  MessageKind.CheckpointSig,
  MessageKind.CheckpointProof,
  MessageKind.HybsterCommit,
  MessageKind.SbftPrepare,
  MessageKind.SbftCommitShare,
  MessageKind.SbftFast,
  MessageKind.SbftSlow,
];

export interface ModelledSizesOptions {
  readonly network: Pick<CostProfile["network"], "overheadBytes" | "messageBytesMin">;
  readonly sizes: Pick<CostProfile["sizes"], "commandOverhead" | "resultPerCommand">;
  /** Commands that one request stands for, each of so many bytes. */
  readonly bundle: number;
  readonly payloadBytes: number;
}

/**
 * Sizes as our codec has them, with payloads that nobody ever makes: a request in the simulation holds one small operation, and
 * weighs as if it held a bundle of commands.
 */
export class ModelledSizes implements Sizes {
  /** What a request weighs more than its bytes. */
  readonly payloadOfRequest: number;
  readonly #options: ModelledSizesOptions;
  readonly #fixed: number[] = [];
  readonly #proposals = new WeakMap<Message, number>();
  #reply = 0;
  #request = 0;

  constructor(options: ModelledSizesOptions) {
    const { bundle, payloadBytes, sizes } = options;
    this.#options = options;
    this.payloadOfRequest = bundle * (payloadBytes + sizes.commandOverhead);
  }

  message(message: Message): number {
    const fixed = this.#fixed[message.kind];
    if (fixed !== undefined) return fixed;
    if (FIXED.includes(message.kind)) {
      const size = this.#onWire(encodeFrame(0, message).length);
      this.#fixed[message.kind] = size;
      return size;
    }
    const known = this.#proposals.get(message);
    if (known !== undefined) return known;
    const size = this.#onWire(encodeFrame(0, message).length + this.#payloadOf(message));
    this.#proposals.set(message, size);
    return size;
  }

  clientMessage(message: ClientMessage): number {
    if (message.type !== "submit") return this.#onWire(encodeClientMessage(message).length);
    if (this.#request === 0) {
      this.#request = this.#onWire(encodeClientMessage(message).length + this.payloadOfRequest);
    }
    return this.#request;
  }

  reply(reply: Reply): number {
    if (reply.type === "refusal") return this.#onWire(encodeReplicaMessage(reply).length);
    if (this.#reply === 0) {
      const results = this.#options.bundle * this.#options.sizes.resultPerCommand;
      this.#reply = this.#onWire(encodeReplicaMessage(reply).length + results);
    }
    return this.#reply;
  }

  #payloadOf(message: Message): number {
    if (message instanceof Forward) return this.payloadOfRequest;
    if (!(message instanceof Proposal || message instanceof Body) || message.value === null) return 0;
    return this.#requestsIn(message.value) * this.payloadOfRequest;
  }

  /** A value of another meaning holds none. */
  #requestsIn(value: Value): number {
    const { meaning } = value;
    const requests = requestsOf(value, fastDigest).length;
    if (meaning !== null) value.meaning = meaning;
    return requests;
  }

  #onWire(bytes: number): number {
    const { messageBytesMin, overheadBytes } = this.#options.network;
    return Math.max(bytes, messageBytesMin) + overheadBytes;
  }
}
