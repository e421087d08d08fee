import type { Message, MessageKind } from "./messages.ts";
import type { Reader } from "./reader.ts";
import type { Hash } from "./value.ts";
import type { Writer } from "./writer.ts";

/** Writes and reads the body of one kind of message. `read` throws `DecodeError` on any second spelling. */
export interface MessageCodec {
  write(message: Message, out: Writer): void;
  read(kind: MessageKind, input: Reader, hash: Hash): Message;
}

/** Kinds of messages with their codecs: each family of messages brings its own table. */
export type CodecTable = Partial<Record<number, MessageCodec>>;
