import { describeOperation, type Operation } from "./history.ts";
import { searchOrder } from "./wing-gong.ts";

/** What a history is. Unknown, where the search was too long, shows nothing: a check must not take it for success. */
export type Verdict =
  | { readonly type: "linearizable" }
  | { readonly type: "violation"; readonly key: string; readonly counterexample: readonly Operation[] }
  | { readonly type: "unknown"; readonly key: string };

export interface CheckHistoryOptions {
  /** Steps that the search may take for each key. */
  readonly stepsMax?: number;
}

/**
 * Whether one machine could have given these answers (Herlihy and Wing): key by key, as operations on different keys do not
 * depend on one another. A violation comes with a few operations that cannot be explained.
 */
export function checkHistory(history: readonly Operation[], options: CheckHistoryOptions = {}): Verdict {
  for (const [key, operations] of byKey(history)) {
    const { type } = searchOrder(operations, options.stepsMax);
    if (type === "unknown") return { type, key };
    if (type === "impossible") {
      return { type: "violation", key, counterexample: smallest(operations, options.stepsMax) };
    }
  }
  return { type: "linearizable" };
}

/** A verdict for people. */
export function describeVerdict(verdict: Verdict): string {
  if (verdict.type === "linearizable") return "linearizable";
  if (verdict.type === "unknown") return `unknown: key ${verdict.key} took too many steps`;
  return `not linearizable at key ${verdict.key}:\n${verdict.counterexample.map(describeOperation).join("\n")}`;
}

function byKey(history: readonly Operation[]): Map<string, Operation[]> {
  const keys = new Map<string, Operation[]>();
  for (const operation of history) {
    const operations = keys.get(operation.key) ?? [];
    keys.set(operation.key, operations);
    operations.push(operation);
  }
  return keys;
}

/** The history up to the first answer that makes it impossible, without what does not matter to that. */
function smallest(operations: readonly Operation[], stepsMax: number | undefined): readonly Operation[] {
  const isImpossible = (some: readonly Operation[]): boolean =>
    searchOrder(some, stepsMax).type === "impossible";
  const ends = operations
    .flatMap(({ returned }) => (returned === null ? [] : [returned]))
    .sort((a, b) => a - b);
  const end = ends.find((time) => isImpossible(until(operations, time))) ?? Number.POSITIVE_INFINITY;
  let left = until(operations, end);
  for (const operation of left) {
    const without = left.filter((other) => other !== operation);
    if (operation.outcome?.type === "found" && isImpossible(without)) left = without;
  }
  return left;
}

/** What was known at a time. */
function until(operations: readonly Operation[], time: number): readonly Operation[] {
  return operations
    .filter(({ invoked }) => invoked <= time)
    .map((operation) => {
      const isOpen = operation.returned === null || operation.returned > time;
      return isOpen ? { ...operation, returned: null, outcome: null } : operation;
    });
}
