import type { InstanceId } from "@destiny/core/kernel/ids";
import { encodeFrame } from "@destiny/core/wire/codec";
import type { Message } from "@destiny/core/wire/messages";

/**
 * The bytes of messages, made once: a proposal is stored, sent and kept for peers who ask again, and one that came from a
 * peer is stored as it came, since an encoding is canonical.
 */
export class Frames {
  readonly #known: WeakMap<Message, Uint8Array> = new WeakMap();

  of(instance: InstanceId, message: Message): Uint8Array {
    const known = this.#known.get(message);
    if (known !== undefined) return known;
    const bytes = encodeFrame(instance, message);
    this.#known.set(message, bytes);
    return bytes;
  }

  /** A message and the frame that it came in. */
  remember(message: Message, bytes: Uint8Array): void {
    this.#known.set(message, bytes);
  }
}
