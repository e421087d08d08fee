import type { Micros } from "@destiny/core/kernel/ids";
import { defaultParameters, type Parameters } from "@destiny/core/parameters";
import type { Scenario } from "./scenario.ts";

const SECOND: Micros = 1_000_000;

/** Requests that one client of an open loop has under way at most; further ones wait, and their wait counts. */
export const OPEN_IN_FLIGHT = 16;

/** How long a client waits before it asks everybody, in delays of suspicion. */
export const PATIENCE = 1.5;

/** The authors' O-instance: up to 24 references, or 50 ms (evaluation.md 1.2). */
const ORDER_BATCH = { entries: 24, delay: 50_000 } as const;

/**
 * Timers and windows of the evaluation, the same for all protocols: nothing is asked again before a round trip around the world
 * and a full queue, and nobody is suspected of being slow before several of these. `requestBytes` is what a request has without
 * its payload.
 */
export function evaluationParameters(scenario: Scenario, requestBytes: number): Parameters {
  const { replicas, batch, bundle, load, events } = scenario;
  const inFlight = load.type === "closed" ? load.inFlight : OPEN_IN_FLIGHT;
  let most = 1;
  let factor = 1;
  for (const event of events) {
    if (event.type !== "scale-load") continue;
    factor *= event.factor;
    most = Math.max(most, factor);
  }
  return defaultParameters(replicas, {
    disseminationWindow: 64,
    orderEntriesMax: ORDER_BATCH.entries,
    orderBatchDelay: ORDER_BATCH.delay,
    batchBytes: Math.max(1, Math.round(batch / bundle)) * requestBytes,
    pullDelay: SECOND,
    statusPeriod: 2 * SECOND,
    suspicionDelay: 10 * SECOND,
    viewChangeDelay: 10 * SECOND,
    graceDelay: 2 * SECOND,
    pipeline: Math.ceil(inFlight * most),
    ...scenario.parameters,
  });
}
