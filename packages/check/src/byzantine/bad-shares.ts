import type { Message } from "@destiny/core/wire/messages";
import { SbftShare } from "@destiny/core/wire/sbft";
import { type Behaviour, type Powers, toEach } from "./behaviour.ts";
import { changed } from "./changed.ts";

/** Gives collectors shares and signatures that do not hold, always or now and then. */
export function badShares(powers: Powers): Behaviour {
  const { random } = powers;
  const rate = random.chance(0.5) ? 1 : 0.3;
  return {
    sends(sending) {
      const { message } = sending;
      if (!("share" in message) || !random.chance(rate)) return null;
      return toEach(sending, powers, () => withShare(message, random.below(256)));
    },
  };
}

function withShare(message: Message & { readonly share?: unknown }, first: number): Message {
  if (!(message.share instanceof Uint8Array)) return message;
  const share = spoil(message.share, first);
  return changed(message, message instanceof SbftShare ? spoiltPaths(message, share, first) : { share });
}

/** Where there is a share for each path, one of them may be good. */
function spoiltPaths(message: SbftShare, share: Uint8Array, first: number): object {
  const fast = spoil(message.fast, first);
  return [{ share }, { fast }, { share, fast }][first % 3] ?? {};
}

function spoil(bytes: Uint8Array, first: number): Uint8Array {
  const share = bytes.slice();
  if (share.length > 0) share[0] = (share[0] ?? 0) ^ (first | 1);
  return share;
}
