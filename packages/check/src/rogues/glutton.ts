import type { Random } from "@destiny/core/kernel/random";
import { encodePut } from "@destiny/core/service/key-value";
import { encodeOperation } from "@destiny/core/service/operation";
import { ownOperation, type RoguePowers, submitToSome } from "./behaviour.ts";

const ACTS = 5;
const PERIOD = 800_000;
/** Sizes of operations: around what fits, and above. */
const SIZES = [0, 1, 5, 70_000, 262_000, 524_287, 524_289];
const COMMANDS = [1, 2, 20, 20, 200, 200, 4_096, 4_097];

/** Sends requests as large as they may be and larger, with as many commands, and operations that are none. */
export function glutton(powers: RoguePowers): void {
  const { rogue, random } = powers;
  let timestamp = 0;
  rogue.every(PERIOD, ACTS, () => {
    timestamp += 1;
    const operations = random.chance(0.6) ? [large(random)] : many(random);
    submitToSome(powers, rogue.request(timestamp, operations), 0.4);
  });
}

function large(random: Random): Uint8Array {
  const size = SIZES[random.below(SIZES.length)] ?? 0;
  if (size > 10 && size < 262_100) return encodeOperation(0, encodePut("k1000", new Uint8Array(size)));
  return new Uint8Array(size).fill(random.below(4));
}

function many(random: Random): Uint8Array[] {
  const count = COMMANDS[random.below(COMMANDS.length)] ?? 1;
  return Array.from({ length: count }, () => {
    const operation = ownOperation(random);
    if (random.chance(0.5)) return operation;
    // Cut short, too long, or of a kind that does not exist.
    if (random.chance(0.5)) return operation.subarray(0, random.below(operation.length));
    return random.chance(0.5) ? Uint8Array.of(...operation, 0) : Uint8Array.of(2 + random.below(200));
  });
}
