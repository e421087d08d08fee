import type { ReplicaId } from "@destiny/core/kernel/ids";
import { encodeKeyed } from "../plan/operations.ts";
import type { Stage } from "../stage/stage.ts";

/**
 * Makes those that were admitted again needed: as many others are stopped as may still be faulty, so that all who are left make up
 * a quorum only together, and every client asks for something. Null if nobody was admitted again; else who was stopped.
 */
export function needReadmitted(stage: Stage): readonly ReplicaId[] | null {
  const { faults, faulty, clients, majorities } = stage;
  const { n } = faults;
  const correct = Array.from({ length: n }, (_, self) => self).filter((self) => !faulty.has(self));
  if (correct.every((self) => stage.lost(self) === 0)) return null;
  const count = majorities.faulty - faulty.size;
  const stopped = correct.filter((self) => stage.lost(self) === 0).slice(0, count);
  for (const self of stopped) stage.crash(self);
  for (const client of clients) client.submit([encodeKeyed({ type: "get", key: 0 })]);
  return stopped;
}
