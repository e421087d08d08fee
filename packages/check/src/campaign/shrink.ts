import type { Decision } from "../plan/decisions.ts";
import type { Plan } from "../plan/plan.ts";

/** Runs that shrinking may cost. */
const RUNS_MAX = 400;

/** Says whether a plan still shows what is looked for. */
export type Test = (plan: Plan) => boolean;

/**
 * The plan without the decisions that do not matter, by delta debugging (Zeller's ddmin): halves, quarters and so on are left
 * out as long as the test still holds, faults first, then what clients do. It holds for the result.
 */
export function shrink(plan: Plan, test: Test, runsMax: number = RUNS_MAX): Plan {
  const budget = { runs: runsMax };
  const faults = plan.decisions.filter(({ kind }) => kind !== "command");
  const commands = plan.decisions.filter(({ kind }) => kind === "command");
  const leftFaults = minimise(faults, budget, (some) => test({ ...plan, decisions: [...some, ...commands] }));
  const leftCommands = minimise(commands, budget, (some) =>
    test({ ...plan, decisions: [...leftFaults, ...some] }),
  );
  const last = minimise(leftFaults, budget, (some) =>
    test({ ...plan, decisions: [...some, ...leftCommands] }),
  );
  return { ...plan, decisions: [...last, ...leftCommands] };
}

function minimise(
  decisions: readonly Decision[],
  budget: { runs: number },
  test: (some: readonly Decision[]) => boolean,
): readonly Decision[] {
  let left = decisions;
  let parts = 2;
  while (left.length > 0 && budget.runs > 0) {
    const smaller = without(left, parts, budget, test);
    if (smaller !== null) {
      left = smaller;
      parts = Math.max(2, parts - 1);
    } else if (parts >= left.length) return left;
    else parts = Math.min(left.length, parts * 2);
  }
  return left;
}

/** Leaves out one of so many parts, the first one that nobody misses. */
function without(
  decisions: readonly Decision[],
  parts: number,
  budget: { runs: number },
  test: (some: readonly Decision[]) => boolean,
): readonly Decision[] | null {
  const size = Math.ceil(decisions.length / parts);
  for (let from = 0; from < decisions.length && budget.runs > 0; from += size) {
    const rest = [...decisions.slice(0, from), ...decisions.slice(from + size)];
    budget.runs -= 1;
    if (test(rest)) return rest;
  }
  return null;
}
