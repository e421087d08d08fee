import type { Decision } from "../plan/decisions.ts";
import { encodeKeyed } from "../plan/operations.ts";
import type { Stage } from "../stage/stage.ts";

/** Lets clients submit what the plan says, when it says so. */
export function applyWorkload(stage: Stage, decisions: readonly Decision[]): void {
  for (const decision of decisions) {
    if (decision.kind !== "command") continue;
    const client = stage.clients[decision.client];
    const operations = decision.operations.map(encodeKeyed);
    stage.world.engine.after(decision.at, () => void client?.submit(operations));
  }
}
