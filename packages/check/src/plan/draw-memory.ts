import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Decision, FaultyDecision } from "./decisions.ts";
import type { DrawContext } from "./draw-context.ts";

/** Chance that a seed has a replica that remembers wrongly. */
const ON = 0.2;
/** Behaviours that make use of a second trusted subsystem. */
const TWO_TONGUED = ["equivocator", "forger"];

/**
 * A replica that remembers wrongly: its disk or its trusted subsystem falls back, somebody has copied the subsystem, or its log
 * rots and nobody notices. It is one of those that are faulty anyway, or one more of the f.
 */
export function drawMemory(context: DrawContext, faulty: ReadonlySet<ReplicaId>): Decision[] {
  const { random, maxFaulty, n } = context;
  if (!random.chance(ON) || maxFaulty === 0) return [];
  const anybody = random.below(n);
  const old = [...faulty][random.below(faulty.size)];
  const replica = faulty.size < maxFaulty || old === undefined ? anybody : old;
  const choice = random.below(10);
  if (choice < 2) return drawClone(replica, context);
  if (!context.permanent) return [];
  return [choice < 6 ? drawRollback(replica, context) : drawRot(replica, context)];
}

function drawClone(replica: ReplicaId, { random, behaviours, troubleMicros }: DrawContext): FaultyDecision[] {
  const able = TWO_TONGUED.filter((behaviour) => behaviours.includes(behaviour));
  const behaviour = able[random.below(able.length)];
  if (behaviour === undefined) return [];
  const at = random.below(troubleMicros);
  return [
    { kind: "clone", replica, at },
    { kind: "byzantine", replica, behaviour, from: random.below(at + 1), seed: random.next() },
  ];
}

function drawRollback(replica: ReplicaId, { random, troubleMicros }: DrawContext): FaultyDecision {
  const what = (["disk", "disk", "disk", "both", "subsystem"] as const)[random.below(5)] ?? "disk";
  const from = random.below(troubleMicros);
  return { kind: "rollback", replica, what, from, at: from + random.below(troubleMicros - from) };
}

function drawRot(replica: ReplicaId, { random, troubleMicros }: DrawContext): FaultyDecision {
  const at = random.below(troubleMicros);
  const downMicros = 1 + random.below(1_000_000);
  const rate = random.chance(0.3) ? 1 : (1 + random.below(50)) / 100;
  return { kind: "rot", replica, at, downMicros, rate, pages: random.chance(0.3), seed: random.next() };
}
