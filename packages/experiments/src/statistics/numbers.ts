import { invariant } from "@destiny/core/kernel/invariant";

/** Mean and sample standard deviation; a single value has no deviation. */
export interface Spread {
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
}

/** Of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  invariant(values.length > 0, "a mean of nothing");
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count: values.length, mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}

/** Of at least one value. */
export function meanOf(values: readonly number[]): number {
  return spreadOf(values).mean;
}
