import { type Digest, REPLICAS_MAX, type ReplicaId } from "../kernel/ids.ts";
import { LIMITS } from "./limits.ts";
import { PATH_MAX } from "./merkle.ts";
import { AssignRequest } from "./messages.ts";
import { DecodeError, Reader } from "./reader.ts";
import { type ProvenReply, type Refusal, RefusalCode, type Reply } from "./reply.ts";
import { Request } from "./request.ts";
import { PROTOCOL_VERSION } from "./statement.ts";
import type { Hash } from "./value.ts";
import { Writer } from "./writer.ts";

/** Frames between a client and a replica: a byte for the version, one for the kind, and the body. */
const Kind = { Hello: 1, Welcome: 2, Submit: 3, Assign: 4, Proven: 5, Plain: 6, Refusal: 7 } as const;

const SIGNATURE_BYTES = 64;
/** Any frame between a client and a replica: 4 MiB. */
export const REPLY_BYTES_MAX = 4_194_304;

/** What a client sends. */
export type ClientMessage =
  /** Opens the connection: which cluster is meant, and whose replies should come here. */
  | { readonly type: "hello"; readonly cluster: Digest; readonly client: Digest }
  | { readonly type: "submit"; readonly request: Request }
  | { readonly type: "assign"; readonly assign: AssignRequest };

/** What a replica sends to a client. */
export type ReplicaMessage =
  /** Answers a hello: who is there, and who coordinates this client now. */
  { readonly type: "welcome"; readonly replica: ReplicaId; readonly coordinator: ReplicaId } | Reply;

export function encodeClientMessage(message: ClientMessage): Uint8Array {
  const out = new Writer(128).u8(PROTOCOL_VERSION);
  switch (message.type) {
    case "hello":
      return out.u8(Kind.Hello).digest(message.cluster).digest(message.client).finish();
    case "submit":
      return out.u8(Kind.Submit).bytes(message.request.bytes).finish();
    case "assign": {
      const { client, coordinator, nonce, signature } = message.assign;
      return out.u8(Kind.Assign).digest(client).u16(coordinator).u48(nonce).raw(signature).finish();
    }
  }
}

/** Throws {@link DecodeError} on anything but one message of a client. */
export function decodeClientMessage(bytes: Uint8Array, hash: Hash): ClientMessage {
  const input = open(bytes);
  const message = readClientMessage(input, hash);
  input.end();
  return message;
}

function readClientMessage(input: Reader, hash: Hash): ClientMessage {
  switch (input.u8()) {
    case Kind.Hello:
      return { type: "hello", cluster: input.digest(), client: input.digest() };
    case Kind.Submit:
      return { type: "submit", request: Request.read(input, hash) };
    case Kind.Assign: {
      const fields = { client: input.digest(), coordinator: input.u16(), nonce: input.u48() };
      return {
        type: "assign",
        assign: new AssignRequest({ ...fields, signature: input.raw(SIGNATURE_BYTES).slice() }),
      };
    }
    default:
      throw new DecodeError("an unknown kind of message from a client");
  }
}

export function encodeReplicaMessage(message: ReplicaMessage): Uint8Array {
  const out = new Writer(512).u8(PROTOCOL_VERSION);
  switch (message.type) {
    case "welcome":
      return out.u8(Kind.Welcome).u16(message.replica).u16(message.coordinator).finish();
    case "proven":
      return writeProven(message, out.u8(Kind.Proven)).finish();
    case "plain":
      out.u8(Kind.Plain).digest(message.client).u48(message.timestamp).u48(message.seq).u16(message.entry);
      return writeResults(message.results, out).finish();
    case "refusal":
      return writeRefusal(message, out.u8(Kind.Refusal)).finish();
  }
}

/** Throws {@link DecodeError} on anything but one message of a replica. */
export function decodeReplicaMessage(bytes: Uint8Array): ReplicaMessage {
  const input = open(bytes);
  const message = readReplicaMessage(input);
  input.end();
  return message;
}

function readReplicaMessage(input: Reader): ReplicaMessage {
  switch (input.u8()) {
    case Kind.Welcome:
      return { type: "welcome", replica: input.u16(), coordinator: input.u16() };
    case Kind.Proven:
      return readProven(input);
    case Kind.Plain: {
      const place = { client: input.digest(), timestamp: input.u48(), seq: input.u48(), entry: input.u16() };
      return { type: "plain", ...place, results: readResults(input) };
    }
    case Kind.Refusal:
      return readRefusal(input);
    default:
      throw new DecodeError("an unknown kind of message from a replica");
  }
}

function writeRefusal(refusal: Refusal, out: Writer): Writer {
  const { client, timestamp, code, coordinator, away = [] } = refusal;
  out.digest(client).u48(timestamp).u8(code).u16(coordinator);
  if (code !== RefusalCode.NoHome) return out;
  out.u32(away.length);
  for (const replica of away) out.u16(replica);
  return out;
}

function readRefusal(input: Reader): Refusal {
  const about = { client: input.digest(), timestamp: input.u48() };
  const code = input.u8() as RefusalCode;
  const refusal: Refusal = { type: "refusal", ...about, code, coordinator: input.u16() };
  if (code !== RefusalCode.NoHome) return refusal;
  const count = input.count(REPLICAS_MAX, 2);
  const away: ReplicaId[] = [];
  for (let i = 0; i < count; i += 1) away.push(input.u16());
  return away.length === 0 ? refusal : { ...refusal, away };
}

function writeProven(reply: ProvenReply, out: Writer): Writer {
  out.digest(reply.client).u48(reply.timestamp).u48(reply.seq).u16(reply.entry);
  out.u32(reply.index).u32(reply.count).u8(reply.path.length);
  for (const digest of reply.path) out.digest(digest);
  return writeResults(reply.results, out.bytes(reply.aggregate));
}

function readProven(input: Reader): ProvenReply {
  const place = { client: input.digest(), timestamp: input.u48(), seq: input.u48(), entry: input.u16() };
  const index = input.u32();
  const count = input.u32();
  if (count > LIMITS.batchBytesMax) throw new DecodeError("more requests than an entry holds");
  const length = input.u8();
  if (length > PATH_MAX) throw new DecodeError("a path that no tree has");
  const path: Digest[] = [];
  for (let i = 0; i < length; i += 1) path.push(input.digest());
  const aggregate = input.bytes(LIMITS.certificateBytesMax).slice();
  return { type: "proven", ...place, index, count, path, aggregate, results: readResults(input) };
}

function writeResults(results: readonly Uint8Array[], out: Writer): Writer {
  out.u32(results.length);
  for (const result of results) out.bytes(result);
  return out;
}

function readResults(input: Reader): Uint8Array[] {
  const count = input.count(LIMITS.requestCommandsMax, 4);
  const results: Uint8Array[] = [];
  for (let i = 0; i < count; i += 1) results.push(input.bytes(REPLY_BYTES_MAX));
  return results;
}

function open(bytes: Uint8Array): Reader {
  if (bytes.length > REPLY_BYTES_MAX) throw new DecodeError("a frame above its limit");
  const input = new Reader(bytes);
  if (input.u8() !== PROTOCOL_VERSION) throw new DecodeError("another protocol version");
  return input;
}
