import { invariant, present } from "@destiny/core/kernel/invariant";

/** What one load showed. */
export interface LoadPoint {
  /** Requests under way per region. */
  readonly load: number;
  /** Commands per second. */
  readonly throughput: number;
  /** Mean, in milliseconds. */
  readonly latencyMs: number;
}

/** The knee is where so much of the highest throughput is reached: beyond it only latency rises. */
const KNEE_SHARE = 0.97;

/** The point with the highest throughput: the lowest load if several are equal. */
export function peakOf<P extends LoadPoint>(points: readonly P[]): P {
  invariant(points.length > 0, "a sweep has points");
  const [first, ...others] = byLoad(points);
  return others.reduce(
    (best, each) => (each.throughput > best.throughput ? each : best),
    present(first, "a point"),
  );
}

/** The lowest load with 97 % of the highest throughput. */
export function kneeOf<P extends LoadPoint>(points: readonly P[]): P {
  const enough = peakOf(points).throughput * KNEE_SHARE;
  return present(
    byLoad(points).find(({ throughput }) => throughput >= enough),
    "the peak itself",
  );
}

/** By rising load. */
export function byLoad<P extends LoadPoint>(points: readonly P[]): P[] {
  return [...points].sort((a, b) => a.load - b.load);
}
