import type { Digest, Micros, ReplicaId } from "@destiny/core/kernel/ids";
import type { Random } from "@destiny/core/kernel/random";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import type { Request } from "@destiny/core/wire/request";
import type { KeyedOperation } from "../plan/decisions.ts";
import { encodeKeyed } from "../plan/operations.ts";
import type { Rogue } from "./rogue.ts";

/** What a rogue client has to work with. */
export interface RoguePowers {
  readonly rogue: Rogue;
  readonly n: number;
  readonly random: Random;
  /** Public keys of the other clients. */
  readonly others: readonly Digest[];
  /** Tells of everything that other clients send. */
  overhear(listener: (message: ClientMessage) => void): void;
}

/** Sets a rogue client going. */
export type RogueBehaviour = (powers: RoguePowers) => void;

/** How often a rogue acts at most: it must not fill the run. */
export const ACTS_MAX = 40;

/** How long it waits between two acts: the same for the whole run. */
export function drawPeriod(random: Random): Micros {
  return 20_000 + random.below(300_000);
}

/** A put, get or delete of keys that no other client has: what others read is theirs alone. */
export function ownOperation(random: Random): Uint8Array {
  const key = 1_000 + random.below(3);
  const choices: readonly KeyedOperation[] = [
    { type: "put", key, value: random.next() },
    { type: "get", key },
    { type: "delete", key },
  ];
  return encodeKeyed(choices[random.below(choices.length)] ?? { type: "get", key });
}

/** Sends a request to some replicas: each of them with this chance. */
export function submitToSome(powers: RoguePowers, request: Request, chance: number): void {
  for (let to: ReplicaId = 0; to < powers.n; to += 1) {
    if (powers.random.chance(chance)) powers.rogue.send(to, { type: "submit", request });
  }
}
