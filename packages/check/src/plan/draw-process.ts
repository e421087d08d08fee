import type { Micros } from "@destiny/core/kernel/ids";
import type { Random } from "@destiny/core/kernel/random";
import { BOUNDARIES, type CrashDecision, type Decision } from "./decisions.ts";
import { type DrawContext, shuffled } from "./draw-context.ts";

const SECOND: Micros = 1_000_000;
const ON = 0.35;
/** Which effect it is that a crash comes at. */
const COUNT_MAX = 12;

/** What goes wrong with processes, disks and clocks of replicas that count as correct. */
export function drawProcess(context: DrawContext): Decision[] {
  const kinds = [drawCrashes, drawBoundaryCrashes, drawOutage, drawPauses, drawDisks, drawSkews];
  return kinds.flatMap((draw, concern) => {
    const random = context.random.fork(concern);
    return random.chance(ON) ? draw({ ...context, random }) : [];
  });
}

function drawCrashes(context: DrawContext): CrashDecision[] {
  return several(context.random, 6, () => drawCrash(context));
}

function drawCrash({ random, n, troubleMicros }: DrawContext): CrashDecision {
  const at = random.below(troubleMicros);
  const downMicros = 1 + random.below(Math.min(3 * SECOND, troubleMicros - at));
  return { kind: "crash", replica: random.below(n), at, downMicros, boundary: null, kept: random.below(4) };
}

function drawBoundaryCrashes(context: DrawContext): CrashDecision[] {
  const { random } = context;
  return several(random, 6, () => {
    const effect = BOUNDARIES[random.below(BOUNDARIES.length)] ?? "persist";
    const side = random.chance(0.5) ? "before" : "after";
    return { ...drawCrash(context), boundary: { effect, count: 1 + random.below(COUNT_MAX), side } };
  });
}

/** More than f at the same moment, even all of them: nothing may be lost, and all come back. */
function drawOutage(context: DrawContext): CrashDecision[] {
  const { random, n } = context;
  const first = drawCrash(context);
  const victims = shuffled(n, random).slice(0, 1 + random.below(n));
  return victims.map((replica) => {
    const downMicros = 1 + random.below(first.downMicros);
    return { ...first, replica, at: first.at + random.below(1_000), downMicros, kept: random.below(4) };
  });
}

function drawPauses({ random, n, troubleMicros }: DrawContext): Decision[] {
  return several(random, 4, () => {
    const at = random.below(troubleMicros);
    const forMicros = 1 + random.below(Math.min(3 * SECOND, troubleMicros - at));
    return { kind: "pause", replica: random.below(n), at, forMicros };
  });
}

function drawDisks({ random, n, troubleMicros }: DrawContext): Decision[] {
  return several(random, 4, () => {
    const at = random.below(troubleMicros);
    const forMicros = 1 + random.below(Math.min(2 * SECOND, troubleMicros - at));
    return { kind: random.chance(0.6) ? "stall" : "full", replica: random.below(n), at, forMicros };
  });
}

/** From half as fast to twice as fast. */
function drawSkews({ random, n }: DrawContext): Decision[] {
  return several(random, n, () => ({
    kind: "skew",
    replica: random.below(n),
    factor: 0.5 + random.below(151) / 100,
  }));
}

function several<Drawn>(random: Random, max: number, draw: () => Drawn): Drawn[] {
  return Array.from({ length: 1 + random.below(max) }, draw);
}
