import { findProtocol, type Protocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import { BEHAVIOUR_NAMES } from "../byzantine/catalogue.ts";
import { drawPlan } from "../plan/draw.ts";
import type { Plan } from "../plan/plan.ts";
import { ROGUE_NAMES } from "../rogues/catalogue.ts";
import { type Outcome, run } from "../run/run.ts";

/** What a campaign is about: a protocol, which may be a broken one, and a size of cluster. */
export interface Subject {
  readonly protocol: Protocol;
  readonly n: number;
  /** `c` of SBFT; 0 if absent. The protocol must have a fast path then, and f above 0 with so many. */
  readonly slow?: number;
  /** Behaviours of Byzantine replicas; all of the catalogue if absent. */
  readonly behaviours?: readonly string[];
  /** Behaviours of Byzantine clients; all of the catalogue if absent. */
  readonly rogues?: readonly string[];
  /** Whether replicas may stop for good or lose their disks; they may if absent. */
  readonly permanent?: boolean;
}

/** A subject that processes can tell each other, and a command line can say. */
export interface NamedSubject {
  /** Name of a protocol of the catalogue. */
  readonly protocol: string;
  readonly n: number;
  readonly slow: number;
}

/** What a name stands for: the protocol as it is, with everything that may go wrong. */
export function subjectOf({ protocol, n, slow }: NamedSubject): Subject {
  return { protocol: present(findProtocol(protocol), "a protocol of this name"), n, slow };
}

/** What a seed came to. The plan comes along only where something was found. */
export interface SeedResult extends Outcome {
  readonly seed: number;
}

/** One seed in so many is played twice, and must do exactly the same. */
const TWICE_IN = 20;

/** The plan that a seed stands for. */
export function planOf(subject: Subject, seed: number): Plan {
  const { protocol, n, slow = 0, permanent = true } = subject;
  const { behaviours = BEHAVIOUR_NAMES, rogues = ROGUE_NAMES } = subject;
  const { kind } = protocol.faults(n, slow);
  return drawPlan({ protocol: protocol.name, kind, n, slow, seed, behaviours, rogues, permanent });
}

/** Plays one seed. */
export function playSeed(subject: Subject, seed: number): SeedResult {
  const plan = planOf(subject, seed);
  const outcome = playPlan(subject, plan);
  if (outcome.finding !== null || seed % TWICE_IN !== 0) return { ...outcome, seed };
  outcome.tally.add("seeds played twice");
  const again = playPlan(subject, plan);
  if (again.traceHash === outcome.traceHash) return { ...outcome, seed };
  const message = `the same seed gave the traces ${outcome.traceHash} and ${again.traceHash}`;
  return { ...outcome, seed, finding: { oracle: "S13 determinism", message, at: 0, event: 0 } };
}

/** Plays a plan, drawn or shrunk. */
export function playPlan({ protocol }: Subject, plan: Plan): Outcome {
  return run({ plan, protocol });
}
