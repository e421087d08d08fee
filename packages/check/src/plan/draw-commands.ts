import type { Random } from "@destiny/core/kernel/random";
import type { Decision, KeyedOperation } from "./decisions.ts";
import type { DrawContext } from "./draw-context.ts";

/** Few keys, so that clients meet on them. */
const KEYS = 6;

/** What clients submit, and when. */
export function drawCommands({ random, troubleMicros }: DrawContext, clients: number): Decision[] {
  const decisions: Decision[] = [];
  const keys = 1 + random.below(KEYS);
  for (let client = 0; client < clients; client += 1) {
    const count = 1 + random.below(random.chance(0.3) ? 30 : 6);
    for (let index = 0; index < count; index += 1) {
      const length = random.chance(0.8) ? 1 : 2 + random.below(3);
      const operations = Array.from({ length }, () => drawOperation(random, keys));
      decisions.push({ kind: "command", at: random.below(troubleMicros), client, operations });
    }
  }
  return decisions;
}

function drawOperation(random: Random, keys: number): KeyedOperation {
  const key = random.below(keys);
  const choice = random.below(10);
  if (choice < 5) return { type: "put", key, value: random.next() };
  return { type: choice < 9 ? "get" : "delete", key };
}
