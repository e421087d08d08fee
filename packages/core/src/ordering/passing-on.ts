import type { Port } from "../effects/port.ts";
import type { Digest, ReplicaId } from "../kernel/ids.ts";
import { Random } from "../kernel/random.ts";
import type { Message } from "../wire/messages.ts";

/** Clusters up to this size pass everything on to all. */
const BROADCAST_MAX = 16;

/**
 * Passes a message of another on: in large clusters to a few, who pass it on themselves, since all to all would be n² messages.
 * The seed chooses whom.
 */
export function passOn(
  port: Port,
  place: { self: ReplicaId; n: number },
  message: Message,
  seed: number,
): void {
  const { self, n } = place;
  if (n <= BROADCAST_MAX) return port.broadcast(message);
  for (const to of chosenFor(seed, self, n, relayFanout(n))) port.send(to, message);
}

/** Whom a replica passes something on to: different replicas choose differently, and each the same again. */
export function chosenFor(seed: number, self: ReplicaId, n: number, fanout: number): readonly ReplicaId[] {
  const random = new Random(Math.imul(seed, n) + self);
  const others = Array.from({ length: n - 1 }, (_, index) => (index < self ? index : index + 1));
  const chosen: ReplicaId[] = [];
  while (chosen.length < fanout && others.length > 0) {
    chosen.push(...others.splice(random.below(others.length), 1));
  }
  return chosen;
}

/** A seed for {@link chosenFor}: something's digest, as a number. */
export function seedOf(digest: Digest): number {
  return digest.charCodeAt(0) * 65_536 + digest.charCodeAt(1) * 256 + digest.charCodeAt(2);
}

/** `r = ceil(2 ln N)` (dqbft.md 7). */
export function relayFanout(n: number): number {
  return Math.min(n - 1, Math.ceil(2 * Math.log(n)));
}
