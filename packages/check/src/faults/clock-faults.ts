import type { Decision } from "../plan/decisions.ts";
import type { Tally } from "../run/tally.ts";
import type { Stage } from "../stage/stage.ts";

/** Lets replicas' timers run early or late. */
export function applyClockFaults(stage: Stage, decisions: readonly Decision[], tally: Tally): void {
  for (const decision of decisions) {
    if (decision.kind !== "skew") continue;
    const { replica, factor } = decision;
    tally.fault("skew");
    stage.interferences.push((host, effect) => {
      if (host.self !== replica || effect.type !== "set-timer") return null;
      return [{ ...effect, delay: Math.max(1, Math.round(effect.delay * factor)) }];
    });
  }
}
