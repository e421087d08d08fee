import type { Micros } from "@destiny/core/kernel/ids";
import { runTwin } from "../byzantine/twin.ts";
import type { Decision, LossDecision } from "../plan/decisions.ts";
import type { Tally } from "../run/tally.ts";
import type { Stage } from "../stage/stage.ts";
import { strangers } from "../stage/standing.ts";

/** How often is looked whether there is room among the f. */
const LOOK_MICROS: Micros = 100_000;

/** Carries out the losses of trusted subsystems: those of correct replicas only where at most f are out then. */
export function applySubsystemLosses(stage: Stage, decisions: readonly Decision[], tally: Tally): void {
  for (const decision of decisions) {
    if (decision.kind !== "subsystem-lost") continue;
    stage.world.engine.after(decision.at, () => loseWhenPossible(stage, decision, tally));
  }
}

function loseWhenPossible(stage: Stage, decision: LossDecision, tally: Tally): void {
  const { world, plan, faulty } = stage;
  if (faulty.has(decision.replica) || hasRoom(stage)) return lose(stage, decision, tally);
  if (world.engine.now + LOOK_MICROS >= plan.troubleMicros) return;
  world.engine.after(LOOK_MICROS, () => loseWhenPossible(stage, decision, tally));
}

function hasRoom(stage: Stage): boolean {
  return stage.faulty.size + strangers(stage).length < stage.majorities.faulty;
}

function lose(stage: Stage, decision: LossDecision, tally: Tally): void {
  const { replica, wiped, kept, seed, downMicros } = decision;
  stage.crash(replica);
  const former = stage.renew(replica);
  const image = stage.world.host(replica).disk.image();
  if (wiped) stage.wipe(replica);
  tally.fault("subsystem lost");
  if (kept && stage.faulty.has(replica)) {
    stage.formers.set(replica, former);
    runTwin(stage, replica, { former, image, seed });
    tally.fault("former subsystem kept");
  }
  stage.world.engine.after(downMicros, () => stage.restart(replica));
}
