import { describeDecision } from "../plan/describe.ts";
import type { Finding } from "../run/run.ts";
import { shrink } from "./shrink.ts";
import { planOf, playPlan, type Subject } from "./subject.ts";

/** A seed played again, and shrunk if it shows a violation. */
export interface Replayed {
  readonly seed: number;
  readonly traceHash: string;
  readonly finding: Finding | null;
  /** Decisions that it takes, a line each, of so many. */
  readonly decisions: readonly string[];
  readonly decisionsDrawn: number;
  /** What the shrunk plan shows. */
  readonly shrunkFinding: Finding | null;
}

/** Plays a seed, and looks for the few decisions that a violation takes. */
export function replay(subject: Subject, seed: number): Replayed {
  const plan = planOf(subject, seed);
  const { finding, traceHash } = playPlan(subject, plan);
  const all = { seed, traceHash, finding, decisionsDrawn: plan.decisions.length };
  if (finding === null)
    return { ...all, decisions: plan.decisions.map(describeDecision), shrunkFinding: null };
  const small = shrink(plan, (each) => playPlan(subject, each).finding?.oracle === finding.oracle);
  const decisions = small.decisions.map(describeDecision);
  return { ...all, decisions, shrunkFinding: playPlan(subject, small).finding };
}

/** For people. */
export function describeFinding({ seed, traceHash, finding, ...rest }: Replayed): string {
  const { decisions, decisionsDrawn, shrunkFinding } = rest;
  const lines = decisions.map((line) => `  ${line}`).join("\n");
  if (finding === null) return `seed ${seed}: no violation, trace ${traceHash}; its decisions:\n${lines}`;
  const { oracle, message, at, event } = shrunkFinding ?? finding;
  const when = `after ${(at / 1_000_000).toFixed(3)} s and ${event} events`;
  return `seed ${seed}, shrunk from ${decisionsDrawn} decisions to ${decisions.length}:\n${lines}\n${oracle}, ${when}:\n  ${message}`;
}
