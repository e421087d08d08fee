import { describeOperation, type Operation, step } from "./history.ts";

/** What is wrong with an order as the witness of a history; null if nothing is. Takes as long as the history, once sorted. */
export function flawOf(order: readonly Operation[]): string | null {
  const values = new Map<string, string | null>();
  for (const operation of order) {
    const { value, fits } = step(values.get(operation.key) ?? null, operation);
    values.set(operation.key, value);
    if (!fits) return `another answer than one machine gives: ${describeOperation(operation)}`;
  }
  // Nothing that comes later in the order may have been answered before this was asked for.
  let soonest: Operation | null = null;
  for (const operation of [...order].reverse()) {
    if (soonest !== null && (soonest.returned ?? Number.POSITIVE_INFINITY) < operation.invoked) {
      return `${describeOperation(operation)}; ordered before what was answered before: ${describeOperation(soonest)}`;
    }
    if (soonest === null || endOf(operation) < endOf(soonest)) soonest = operation;
  }
  return null;
}

function endOf({ returned }: Operation): number {
  return returned ?? Number.POSITIVE_INFINITY;
}
