import type { Decision } from "../plan/decisions.ts";
import type { Plan } from "../plan/plan.ts";
import { simpler } from "./simpler.ts";
import { smallerClusters, withFewerClients } from "./smaller.ts";

/** Runs that shrinking may cost. */
const RUNS_MAX = 600;

/** Says whether a plan still shows what is looked for. */
export type Test = (plan: Plan) => boolean;

/** What is left of a plan, and how many more runs may be spent on it. */
interface Search {
  plan: Plan;
  runs: number;
  readonly test: Test;
}

/**
 * A smaller plan for which the test holds as well. First the same with fewer replicas. Then decisions that do not matter go, by
 * delta debugging (Zeller's ddmin): halves, quarters and so on are left out, faults first, then what clients do. Then each
 * that is left is made simpler as long as that is possible: shorter, weaker, with fewer operations; clients that do nothing go,
 * and the time in which faults come. Deterministic; it costs at most so many runs.
 */
export function shrink(plan: Plan, test: Test, runsMax: number = RUNS_MAX): Plan {
  const search: Search = { plan, runs: runsMax, test };
  shrinkCluster(search);
  leaveOut(search, ({ kind }) => kind !== "command");
  leaveOut(search, ({ kind }) => kind === "command");
  leaveOut(search, ({ kind }) => kind !== "command");
  shrinkCluster(search);
  simplify(search);
  leaveOut(search, () => true);
  accept(search, withFewerClients(search.plan));
  return search.plan;
}

/** Takes over a plan if the test holds for it, and there are runs left. Whether it did. */
function accept(search: Search, plan: Plan | null): boolean {
  if (plan === null || search.runs === 0) return false;
  search.runs -= 1;
  if (!search.test(plan)) return false;
  search.plan = plan;
  return true;
}

/** One replica less, as often as that shows it too. */
function shrinkCluster(search: Search): void {
  while (smallerClusters(search.plan).some((plan) => accept(search, plan)));
}

/** Every decision that is left, and then the stage, a step simpler as often as possible. */
function simplify(search: Search): void {
  for (let index = 0; index < search.plan.decisions.length; index += 1) {
    while (simplerAt(search.plan, index).some((plan) => accept(search, plan)));
  }
  while (simplerStages(search.plan).some((plan) => accept(search, plan)));
}

function simplerAt(plan: Plan, index: number): readonly Plan[] {
  const { decisions } = plan;
  const decision = decisions[index];
  if (decision === undefined) return [];
  return simpler(decision).map((each) => ({ ...plan, decisions: decisions.with(index, each) }));
}

/** Shorter trouble, and machines and links as they should be. */
function simplerStages(plan: Plan): readonly Plan[] {
  const stages: Plan[] = [];
  const troubleMicros = Math.ceil(plan.troubleMicros / 2);
  if (troubleMicros < plan.troubleMicros) stages.push({ ...plan, troubleMicros });
  if (plan.overTheWire) stages.push({ ...plan, overTheWire: false });
  const { max } = plan.latency;
  if (max > 2_000) stages.push({ ...plan, latency: { min: 500, max: Math.ceil(max / 2) } });
  return stages;
}

/** Leaves out those of a kind that do not matter. */
function leaveOut(search: Search, isMeant: (decision: Decision) => boolean): void {
  let parts = 2;
  for (;;) {
    const meant = search.plan.decisions.filter(isMeant);
    if (meant.length === 0 || search.runs === 0) return;
    if (leavesOutPart(search, meant, parts)) parts = Math.max(2, parts - 1);
    else if (parts >= meant.length) return;
    else parts = Math.min(meant.length, parts * 2);
  }
}

/** Leaves out one of so many parts, the first one that nobody misses. */
function leavesOutPart(search: Search, meant: readonly Decision[], parts: number): boolean {
  const size = Math.ceil(meant.length / parts);
  for (let from = 0; from < meant.length; from += size) {
    const part = new Set(meant.slice(from, from + size));
    const decisions = search.plan.decisions.filter((decision) => !part.has(decision));
    if (accept(search, { ...search.plan, decisions })) return true;
  }
  return false;
}
