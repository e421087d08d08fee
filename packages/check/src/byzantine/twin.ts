import type { Effect } from "@destiny/core/effects/effects";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { Random } from "@destiny/core/kernel/random";
import type { Message } from "@destiny/core/wire/messages";
import type { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import type { DiskImage } from "@destiny/simulator/disk/disk";
import { shuffled } from "../plan/draw-context.ts";
import type { Stage } from "../stage/stage.ts";

export interface TwinOptions {
  readonly former: ThreshSign;
  /** What was on the disk when the subsystem is said to have been lost. */
  readonly image: DiskImage;
  readonly seed: number;
}

/**
 * A Byzantine host runs its former trusted subsystem beside the new one (hybster.md 10.1): a second replica goes on where the first
 * one was, and hears and tells some of the others only. So it may not even know that it was replaced.
 */
export function runTwin(stage: Stage, self: ReplicaId, { former, image, seed }: TwinOptions): void {
  const random = new Random(seed);
  const { world, faults, plan } = stage;
  const { n } = faults;
  const others = shuffled(n, random).filter((replica) => replica !== self);
  const friends = new Set(others.slice(0, 1 + random.below(n - 1)));
  const isPossessed = random.chance(0.5);
  const twin = stage.twin(self, former, {
    perform: (host, effect) => {
      const effects = isPossessed ? stage.interfered(host, effect) : [effect];
      return effects.flatMap((each) => toFriends(each, friends));
    },
    leave: () => {},
  });
  twin.disk.putBack(image);
  twin.start();
  world.network.watch(({ from, to, instance, content }) => {
    if (to !== self || (from < n && !friends.has(from))) return;
    const { kind } = content as Message;
    const shipment = { instance, content, bytes: 0, kind, print: null, ballot: null };
    world.engine.after(plan.latency.min, () => twin.onShipment(shipment, from));
  });
}

function toFriends(effect: Effect, friends: ReadonlySet<ReplicaId>): readonly Effect[] {
  if (effect.type === "send") return friends.has(effect.to) ? [effect] : [];
  if (effect.type !== "broadcast") return [effect];
  const { instance, message } = effect;
  return [...friends].map((to) => ({ type: "send", instance, to, message }));
}
