import type { Effect } from "@destiny/core/effects/effects";
import type { InstanceId, Micros, ReplicaId } from "@destiny/core/kernel/ids";
import type { Random } from "@destiny/core/kernel/random";
import type { Message } from "@destiny/core/wire/messages";
import type { Parcel } from "@destiny/simulator/network/network";

/** What a Byzantine replica can do: all that its machine, its keys and its trusted subsystem let it. */
export interface Powers {
  readonly self: ReplicaId;
  readonly n: number;
  /** How many may be faulty. */
  readonly f: number;
  readonly random: Random;
  /** How long correct replicas wait before they suspect a primary, at first. */
  readonly suspicionMicros: Micros;
  /** Puts a message on its way, in its own name, now or later. */
  send(to: ReplicaId, instance: InstanceId, message: Message, delay?: Micros): void;
  /** The message with everything signed anew that it can sign, after a change; as it is where its subsystem refuses. */
  resigned(instance: InstanceId, message: Message): Message;
  /** Calls again and again. */
  every(period: Micros, call: () => void): void;
}

/** An effect that sends something between replicas. */
export type Sending = Effect & { readonly type: "send" | "broadcast" };

/** How a replica deviates: the rest it does as the real code does. */
export interface Behaviour {
  /** What it does in place of sending something; null to send it. */
  sends?(sending: Sending): readonly Effect[] | null;
  /** The same for every other effect. */
  does?(effect: Effect): readonly Effect[] | null;
  /** Sees what is on its way to it, before correct replicas see theirs. */
  overhears?(parcel: Parcel): void;
}

export type BehaviourFactory = (powers: Powers) => Behaviour;

/** The other replicas that a sending is for. */
export function receivers(sending: Sending, { self, n }: Pick<Powers, "self" | "n">): readonly ReplicaId[] {
  if (sending.type === "send") return [sending.to];
  return Array.from({ length: n }, (_, replica) => replica).filter((replica) => replica !== self);
}

/** The sending as one of its own for every receiver; null keeps it from that one. */
export function toEach(
  sending: Sending,
  powers: Pick<Powers, "self" | "n">,
  choose: (to: ReplicaId) => Message | null,
): readonly Effect[] {
  const { instance } = sending;
  return receivers(sending, powers).flatMap((to): Effect[] => {
    const message = choose(to);
    return message === null ? [] : [{ type: "send", instance, to, message }];
  });
}

/** So many of the other replicas, chosen at random. */
export function someOthers(count: number, { self, n, random }: Powers): ReadonlySet<ReplicaId> {
  const others = Array.from({ length: n }, (_, replica) => replica).filter((replica) => replica !== self);
  const chosen = new Set<ReplicaId>();
  while (chosen.size < Math.min(count, others.length)) chosen.add(others[random.below(others.length)] ?? 0);
  return chosen;
}
