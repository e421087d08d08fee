import { RefusalCode, type Reply } from "@destiny/core/wire/reply";
import type { Behaviour, Powers } from "./behaviour.ts";

const CODES = Object.values(RefusalCode);

/** Lies to clients: other results, proofs of something else, refusals of all kinds. */
export function liar({ n, random }: Powers): Behaviour {
  return {
    does(effect) {
      if (effect.type !== "reply" || random.chance(0.2)) return null;
      return [{ type: "reply", reply: lie(effect.reply) }];
    },
  };

  function lie(reply: Reply): Reply {
    const { client, timestamp } = reply;
    if (reply.type === "refusal" || random.chance(0.3)) {
      const code = CODES[random.below(CODES.length)] ?? RefusalCode.Busy;
      return { type: "refusal", client, timestamp, code, coordinator: random.below(n) };
    }
    const results = reply.results.map(() => Uint8Array.of(0, random.below(2)));
    return { ...reply, results };
  }
}
