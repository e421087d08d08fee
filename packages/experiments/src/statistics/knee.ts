import { invariant, present } from "@destiny/core/kernel/invariant";

/** What one load showed. */
export interface LoadPoint {
  /** Requests under way per region. */
  readonly load: number;
  /** Commands per second. */
  readonly throughput: number;
  /** Mean, in milliseconds. */
  readonly latencyMs: number;
  /**
   * Whether requests took less time than the warm-up, on average: else what is measured is how the run began; and whether answers
   * came evenly. Queues of a saturated primary let through more in a second than they can for long, and in waves.
   */
  readonly settled: boolean;
}

/** The knee is where so much of the highest throughput is reached: beyond it only latency rises. */
const KNEE_SHARE = 0.97;

/** The settled point with the highest throughput: the lowest load if several are equal. Any point if none is settled. */
export function peakOf<P extends LoadPoint>(points: readonly P[]): P {
  invariant(points.length > 0, "a sweep has points");
  const [first, ...others] = candidates(points);
  return others.reduce(
    (best, each) => (each.throughput > best.throughput ? each : best),
    present(first, "a point"),
  );
}

/** The lowest load with 97 % of the highest throughput. */
export function kneeOf<P extends LoadPoint>(points: readonly P[]): P {
  const enough = peakOf(points).throughput * KNEE_SHARE;
  return present(
    candidates(points).find(({ throughput }) => throughput >= enough),
    "the peak itself",
  );
}

function candidates<P extends LoadPoint>(points: readonly P[]): P[] {
  const settled = points.filter((point) => point.settled);
  return byLoad(settled.length > 0 ? settled : points);
}

/** By rising load. */
export function byLoad<P extends LoadPoint>(points: readonly P[]): P[] {
  return [...points].sort((a, b) => a.load - b.load);
}
