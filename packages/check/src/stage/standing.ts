import { configurationOf } from "@destiny/core/kernel/configurations";
import type { InstanceId, ReplicaId, View } from "@destiny/core/kernel/ids";
import { ViewState } from "@destiny/core/wire/view-change";
import type { Stage } from "./stage.ts";

/**
 * Whether a replica's present trusted subsystem has a voice again: it is admitted, and in every instance the replica has accepted a
 * NewView of its configuration, or a later one, and that is durable (hybster.md 10.1). It may be on its way to another view.
 */
function isMember(stage: Stage, self: ReplicaId): boolean {
  if (!stage.world.host(self).alive) return false;
  const { admittedWith, instances } = stage.status(self);
  if (admittedWith === null) return false;
  const bases = basesOf(stage, self);
  const { n } = stage.faults;
  return instances.every(({ instance }) => configurationOf(bases.get(instance) ?? 0, n) >= admittedWith);
}

/** By instance: the view of the last NewView that a replica accepted, as its log has it. */
function basesOf({ world }: Stage, self: ReplicaId): ReadonlyMap<InstanceId, View> {
  const bases = new Map<InstanceId, View>();
  for (const { instance, message } of world.host(self).disk.records()) {
    if (message instanceof ViewState) bases.set(instance, message.base);
  }
  return bases;
}

/** Replicas that are correct but for the subsystem that they have lost, and that have no voice again yet. */
export function strangers(stage: Stage): readonly ReplicaId[] {
  for (const self of stage.strangers) if (isMember(stage, self)) stage.strangers.delete(self);
  return [...stage.strangers];
}
