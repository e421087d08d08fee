import { present } from "@destiny/core/kernel/invariant";
import type { Outcome } from "../run/outcome.ts";
import type { ScenarioEvent } from "../run/scenario.ts";
import { meanOf } from "./numbers.ts";

const SECOND = 1_000_000;

/** One run over time, with what happened in it. Times in virtual seconds, as run. */
export interface Timeline {
  readonly protocol: string;
  /** Commands per second, in each second. */
  readonly throughput: readonly number[];
  /** When the load was raised. */
  readonly raisedAt: number;
  /** When a replica was killed. */
  readonly killedAt: number;
}

/** How a run took what happened to it, in commands per second. */
export interface Reaction {
  /** Mean before the load was raised, without the start. */
  readonly before: number;
  /** The lowest second soon after it was raised. */
  readonly dip: number;
  /** Mean from when it had settled until the kill. */
  readonly after: number;
  /** The lowest second soon after the kill. */
  readonly stopped: number;
  /** Mean of the last seconds. */
  readonly atEnd: number;
}

/** Shares of the time between two events: what comes at first, what has settled, what counts as soon. */
const START_SHARE = 0.2;
const SETTLED_SHARE = 0.4;
const SOON_SHARE = 0.28;
const END_SHARE = 0.25;

/** The run as a timeline. */
export function timelineOf({ scenario, timeline }: Outcome): Timeline {
  const at = (type: ScenarioEvent["type"]): number =>
    present(
      scenario.events.find((event) => event.type === type),
      `an event ${type}`,
    ).at / SECOND;
  return {
    protocol: scenario.protocol,
    throughput: timeline.slice(0, Math.floor(scenario.duration / SECOND)),
    raisedAt: at("scale-load"),
    killedAt: at("crash"),
  };
}

/** What the claims on Figure 10 compare. */
export function reactionOf({ throughput, raisedAt, killedAt }: Timeline): Reaction {
  const between = killedAt - raisedAt;
  const end = throughput.length;
  const seconds = (from: number, to: number): readonly number[] =>
    throughput.slice(Math.ceil(from), Math.max(Math.ceil(from) + 1, Math.floor(to)));
  return {
    before: meanOf(seconds(raisedAt * START_SHARE, raisedAt)),
    dip: Math.min(...seconds(raisedAt, raisedAt + between * SOON_SHARE)),
    after: meanOf(seconds(raisedAt + between * SETTLED_SHARE, killedAt)),
    stopped: Math.min(...seconds(killedAt, killedAt + between * SOON_SHARE)),
    atEnd: meanOf(seconds(end - (end - killedAt) * END_SHARE, end)),
  };
}
