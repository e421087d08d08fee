import { configurationOf } from "@destiny/core/kernel/configurations";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Stage } from "./stage.ts";

/** Whether a replica's present trusted subsystem is admitted, as far as it knows itself. */
export function isAdmitted(stage: Stage, self: ReplicaId): boolean {
  return stage.world.host(self).alive && stage.status(self).admittedWith !== null;
}

/**
 * Whether a replica's present trusted subsystem has a voice again: it is admitted, and the replica is in views of its configuration
 * in all instances.
 */
export function isMember(stage: Stage, self: ReplicaId): boolean {
  if (!stage.world.host(self).alive) return false;
  const { admittedWith, instances } = stage.status(self);
  const { n } = stage.faults;
  return (
    admittedWith !== null &&
    instances.every(({ view, active }) => active && configurationOf(view, n) >= admittedWith)
  );
}

/** Replicas that are correct but for the subsystem that they have lost, and that do not vote again yet. */
export function strangers(stage: Stage): readonly ReplicaId[] {
  for (const self of stage.strangers) if (isMember(stage, self)) stage.strangers.delete(self);
  return [...stage.strangers];
}
