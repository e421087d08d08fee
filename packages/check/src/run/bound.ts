import type { Micros } from "@destiny/core/kernel/ids";
import type { Parameters } from "@destiny/core/parameters";

/** How often a timer of the protocol doubles at most (dqbft.md 11, tcap). */
const TIMER_DOUBLINGS = 6;
/** How often a client's patience doubles at most. */
const PATIENCE_DOUBLINGS = 4;

export interface BoundOptions {
  readonly parameters: Pick<Parameters, "suspicionDelay" | "viewChangeDelay" | "pullDelay" | "statusPeriod">;
  readonly n: number;
  readonly faulty: number;
  readonly retryMicros: Micros;
  readonly latencyMax: Micros;
}

/**
 * How long after the trouble every command must be answered, at the latest. The primaries that are faulty come first, one
 * after the other, each suspected and replaced with timers as long as the trouble can have made them; then a client tries
 * every coordinator, as slowly as the trouble can have made it.
 */
export function livenessBound({ parameters, n, faulty, retryMicros, latencyMax }: BoundOptions): Micros {
  const { suspicionDelay, viewChangeDelay, pullDelay, statusPeriod } = parameters;
  const oneView = (suspicionDelay + viewChangeDelay) * 2 ** TIMER_DOUBLINGS;
  const views = (faulty + 2) * oneView;
  const coordinators = (n + 2) * retryMicros * 2 ** PATIENCE_DOUBLINGS;
  return (
    views + coordinators + (n + 2) * (pullDelay * 2 ** PATIENCE_DOUBLINGS + statusPeriod + 10 * latencyMax)
  );
}
