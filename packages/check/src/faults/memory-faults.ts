import { Random } from "@destiny/core/kernel/random";
import { mutated } from "../byzantine/mutation.ts";
import type { Decision } from "../plan/decisions.ts";
import type { Tally } from "../run/tally.ts";
import type { Stage } from "../stage/stage.ts";

/** Carries out what makes replicas remember wrongly: rollbacks, copies of trusted subsystems, logs that rot. */
export function applyMemoryFaults(stage: Stage, decisions: readonly Decision[], tally: Tally): void {
  const { engine } = stage.world;
  for (const decision of decisions) {
    if (decision.kind === "rollback") engine.after(decision.from, () => rollback(stage, decision, tally));
    else if (decision.kind === "clone")
      engine.after(decision.at, () => clone(stage, decision.replica, tally));
    else if (decision.kind === "rot") engine.after(decision.at, () => rot(stage, decision, tally));
  }
}

/** What it remembers now is all that it remembers later. */
function rollback(stage: Stage, decision: Decision & { kind: "rollback" }, tally: Tally): void {
  const { replica, what, from, at } = decision;
  const { engine } = stage.world;
  const { subsystem, disk } = stage.world.host(replica);
  const state = subsystem.exportState();
  const image = disk.image();
  engine.after(at - from, () => {
    stage.crash(replica);
    if (what !== "disk") subsystem.importState(state);
    if (what !== "subsystem") disk.putBack(image);
    tally.fault(`rollback of ${what}`);
    stage.restart(replica);
  });
}

function clone(stage: Stage, replica: number, tally: Tally): void {
  const { trust } = stage.world;
  const copy = trust.createSubsystem(replica);
  copy.importState(stage.world.host(replica).subsystem.exportState());
  stage.clones.set(replica, copy);
  tally.fault("clone");
}

function rot(stage: Stage, decision: Decision & { kind: "rot" }, tally: Tally): void {
  const { replica, rate, pages, seed, downMicros } = decision;
  const random = new Random(seed);
  stage.crash(replica);
  // Its memory of key tables may be among what rots; others must not be checked by it.
  stage.world.trust.estrange?.(replica);
  stage.world.host(replica).disk.corrupt({
    record(record) {
      if (!random.chance(rate)) return record;
      const message = mutated(record.instance, record.message, random);
      if (message === null || message.kind !== record.message.kind) return record;
      tally.fault("rotten record");
      return { ...record, message };
    },
    page(bytes) {
      if (!pages || bytes.length === 0 || !random.chance(rate)) return bytes;
      tally.fault("rotten page");
      const copy = bytes.slice();
      const at = random.below(copy.length);
      copy[at] = (copy[at] ?? 0) ^ (1 + random.below(255));
      return copy;
    },
  });
  stage.world.engine.after(downMicros, () => stage.restart(replica));
}
