import { majorities } from "../oracles/arithmetic.ts";
import { faultyIn } from "../plan/decisions.ts";
import { describeDecision } from "../plan/describe.ts";
import type { Plan } from "../plan/plan.ts";
import type { Finding } from "../run/run.ts";
import { shrink } from "./shrink.ts";
import { planOf, playPlan, type Subject } from "./subject.ts";

/** A seed played again, and shrunk if it shows a violation. */
export interface Replayed {
  readonly seed: number;
  readonly traceHash: string;
  readonly finding: Finding | null;
  /** The plan, as small as it could be made. */
  readonly plan: Plan;
  /** Decisions that it takes, a line each, of so many. */
  readonly decisions: readonly string[];
  readonly decisionsDrawn: number;
  /** What the shrunk plan shows. */
  readonly shrunkFinding: Finding | null;
}

/** Plays a seed, and looks for the little that a violation takes. */
export function replay(subject: Subject, seed: number): Replayed {
  const plan = planOf(subject, seed);
  const { finding, traceHash } = playPlan(subject, plan);
  const all = { seed, traceHash, finding, decisionsDrawn: plan.decisions.length };
  const lines = ({ decisions }: Plan): string[] => decisions.map(describeDecision);
  if (finding === null) return { ...all, plan, decisions: lines(plan), shrunkFinding: null };
  const small = shrink(plan, (each) => shows(subject, each, finding));
  return { ...all, plan: small, decisions: lines(small), shrunkFinding: playPlan(subject, small).finding };
}

/** Whether the protocol can bear the faults of a plan, with as many slow replicas as the plan's parameters say. */
export function isPromised(
  { protocol }: Pick<Subject, "protocol">,
  { n, parameters, decisions }: Plan,
): boolean {
  const { slowReplicas = 0 } = parameters;
  const { faulty } = majorities(protocol.faults(n, slowReplicas).kind, n, slowReplicas);
  return faulty > 0 && faultyIn(decisions).size <= faulty;
}

/** Whether a plan that asks no more of the protocol than it promises shows the same. */
function shows(subject: Subject, plan: Plan, { oracle }: Finding): boolean {
  if (!isPromised(subject, plan)) return false;
  return playPlan(subject, plan).finding?.oracle === oracle;
}

/** For people. */
export function describeFinding({ seed, traceHash, finding, ...rest }: Replayed): string {
  const { plan, decisions, decisionsDrawn, shrunkFinding } = rest;
  const lines = decisions.map((line) => `  ${line}`).join("\n");
  if (finding === null) return `seed ${seed}: no violation, trace ${traceHash}; its decisions:\n${lines}`;
  const { oracle, message, at, event } = shrunkFinding ?? finding;
  const when = `after ${(at / 1_000_000).toFixed(3)} s and ${event} events`;
  const { slowReplicas = 0 } = plan.parameters;
  const slow = slowReplicas > 0 ? ` (${slowReplicas} slow)` : "";
  const size = `${plan.n} replicas${slow}, ${plan.homes.length} clients and ${decisions.length} decisions`;
  return `seed ${seed}, shrunk from ${decisionsDrawn} decisions to ${size}:\n${lines}\n${oracle}, ${when}:\n  ${message}`;
}
