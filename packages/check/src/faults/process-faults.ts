import type { CrashDecision, Decision } from "../plan/decisions.ts";
import type { Tally } from "../run/tally.ts";
import type { Stage } from "../stage/stage.ts";

/** Carries out crashes, pauses, full and stalled disks, wiped ones, and the death of replicas. */
export function applyProcessFaults(stage: Stage, decisions: readonly Decision[], tally: Tally): void {
  const { engine } = stage.world;
  for (const decision of decisions) {
    switch (decision.kind) {
      case "crash":
        crash(stage, decision, tally);
        break;
      case "full":
        crash(stage, { ...ALMOST_CRASH, ...decision, kind: "crash", downMicros: decision.forMicros }, tally);
        break;
      case "pause":
        engine.after(decision.at, () => pause(stage, decision, tally));
        break;
      case "stall":
        engine.after(decision.at, () => stall(stage, decision, tally));
        break;
      case "dead":
        engine.after(decision.at, () => {
          if (stage.crash(decision.replica)) tally.fault("dead");
        });
        break;
      case "wipe":
        engine.after(decision.at, () => wipe(stage, decision, tally));
        break;
      default:
    }
  }
}

/** A full disk stops its replica before the next write that matters. */
const ALMOST_CRASH = { boundary: { effect: "persist", count: 1, side: "before" }, kept: 0 } as const;

function crash(stage: Stage, decision: CrashDecision, tally: Tally): void {
  const { engine } = stage.world;
  const { boundary, replica } = decision;
  const happen = (): void => {
    if (!stage.crash(replica, decision.kept)) return;
    tally.fault(boundary === null ? "crash" : `crash at ${boundary.effect}`);
    engine.after(decision.downMicros, () => {
      stage.restart(replica);
      tally.add("crash-recoveries");
    });
  };
  if (boundary === null) engine.after(decision.at, happen);
  else engine.after(decision.at, () => crashAtBoundary(stage, { replica, ...boundary }, happen));
}

/** The boundary may never come: then there is no crash. */
function crashAtBoundary(
  stage: Stage,
  at: NonNullable<CrashDecision["boundary"]> & { readonly replica: number },
  happen: () => void,
): void {
  let left = at.count;
  if (at.side === "before") {
    stage.interferences.unshift((host, effect) => {
      if (left === 0 || host.self !== at.replica || effect.type !== at.effect) return null;
      left -= 1;
      if (left > 0) return null;
      happen();
      return [];
    });
    return;
  }
  stage.departures.push((host, effect) => {
    if (left === 0 || host.self !== at.replica || effect.type !== at.effect) return;
    left -= 1;
    // The effect is carried out, and the world ends right after it: before anything else that is to happen.
    if (left === 0) stage.world.engine.after(0, happen);
  });
}

function pause(stage: Stage, { replica, forMicros }: Decision & { kind: "pause" }, tally: Tally): void {
  const host = stage.world.host(replica);
  if (!host.alive) return;
  tally.fault("pause");
  host.pause();
  stage.world.engine.after(forMicros, () => host.resume());
}

function stall(
  stage: Stage,
  { replica, forMicros }: Decision & { kind: "stall" | "full" },
  tally: Tally,
): void {
  const { disk } = stage.world.host(replica);
  tally.fault("stall");
  disk.stall();
  stage.world.engine.after(forMicros, () => disk.resume());
}

function wipe(stage: Stage, { replica, downMicros }: Decision & { kind: "wipe" }, tally: Tally): void {
  stage.crash(replica);
  stage.world.host(replica).disk.wipe();
  tally.fault("wipe");
  stage.world.engine.after(downMicros, () => stage.restart(replica));
}
