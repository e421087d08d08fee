import { present } from "@destiny/core/kernel/invariant";
import type { Outcome } from "../run/outcome.ts";
import type { Scenario } from "../run/scenario.ts";
import { kneeOf, type LoadPoint } from "../statistics/knee.ts";
import type { Course, Lookup } from "./course.ts";
import { exists, shownAs } from "./protocols.ts";
import { crashedReplicas, paperScenario } from "./scenarios.ts";
import type { Grid, Ladder, Span, SweepSpecification } from "./specification.ts";

/** Loads that bring no more before the ladder ends. */
const PATIENCE = 2;

interface Line {
  readonly protocol: string;
  readonly replicas: number;
  readonly batch: number;
  readonly payloadBytes: number;
}

/** The courses of a sweep, for the protocols that exist. */
export function sweepCourses(specification: SweepSpecification): Course[] {
  return specification.grids.flatMap((grid) =>
    linesOf(grid, specification.protocols.filter(exists)).map((line) => new Sweep(specification, line)),
  );
}

function linesOf({ families, replicas, batches, payloadBytes }: Grid, protocols: readonly string[]): Line[] {
  const wanted = protocols.filter((name) => families?.includes(shownAs(name).family) ?? true);
  return wanted.flatMap((protocol) =>
    replicas.flatMap((n) =>
      batches.flatMap((batch) =>
        payloadBytes.map((bytes) => ({ protocol, replicas: n, batch, payloadBytes: bytes })),
      ),
    ),
  );
}

/** One protocol in one setting: the load is raised, then refined at the knee, then repeated there with other seeds. */
class Sweep implements Course {
  readonly protocol: string;
  readonly label: string;
  readonly weight: number;
  readonly expectedRuns: number;
  readonly #specification: SweepSpecification;
  readonly #line: Line;
  readonly #span: Span;

  constructor(specification: SweepSpecification, line: Line) {
    const { protocol, replicas, batch, payloadBytes } = line;
    this.#specification = specification;
    this.#line = line;
    this.#span = present(
      specification.spans.find(({ replicasMax }) => replicas <= replicasMax),
      `a span for ${replicas} replicas`,
    );
    this.protocol = protocol;
    this.label = `${shownAs(protocol).label}, N = ${replicas}, ${batch} x ${payloadBytes} B`;
    this.weight = (replicas * replicas * (this.#span.warmUp + this.#span.measured)) / batch;
    this.expectedRuns = Math.ceil(specification.ladder.loads.length * 0.8) + this.#span.seeds.length;
  }

  next(outcomeOf: Lookup): readonly Scenario[] {
    const points: LoadPoint[] = [];
    const wanted = climb(this.#specification.ladder, (load) => {
      const outcome = outcomeOf(this.#scenario(load, this.#firstSeed));
      if (outcome !== undefined) points.push(pointOf(load, outcome));
      return outcome?.throughput;
    });
    if (wanted !== undefined) return [this.#scenario(wanted, this.#firstSeed)];
    const knee = kneeOf(points).load;
    return this.#span.seeds
      .map((seed) => this.#scenario(knee, seed))
      .filter((scenario) => outcomeOf(scenario) === undefined);
  }

  get #firstSeed(): number {
    return present(this.#span.seeds[0], "a seed");
  }

  #scenario(load: number, seed: number): Scenario {
    const { warmUp, measured } = this.#span;
    const { crashed } = this.#specification;
    const { protocol, replicas } = this.#line;
    return paperScenario(this.#specification, {
      ...this.#line,
      load,
      seed,
      warmUp,
      duration: warmUp + measured,
      events:
        crashed === "none" ? [] : [{ at: 0, type: "crash", replicas: crashedReplicas(protocol, replicas) }],
    });
  }
}

function pointOf(load: number, { throughput, latencyMs }: Outcome): LoadPoint {
  return { load, throughput, latencyMs: latencyMs.mean };
}

/** The next load to try; undefined once the ladder has ended and the knee is refined. */
function climb(
  { loads, gain, refinements }: Ladder,
  throughputAt: (load: number) => number | undefined,
): number | undefined {
  const points: LoadPoint[] = [];
  let best = 0;
  let vain = 0;
  for (const load of loads) {
    if (vain === PATIENCE) break;
    const throughput = throughputAt(load);
    if (throughput === undefined) return load;
    points.push({ load, throughput, latencyMs: 0 });
    vain = throughput > best * (1 + gain) ? 0 : vain + 1;
    best = Math.max(best, throughput);
  }
  for (let count = 0; count < refinements; count += 1) {
    const between = belowKnee(points);
    if (between === undefined) break;
    const throughput = throughputAt(between);
    if (throughput === undefined) return between;
    points.push({ load: between, throughput, latencyMs: 0 });
  }
  return undefined;
}

/** The load half-way, by ratio, between the knee and the next lower one; undefined if there is no whole number between. */
function belowKnee(points: readonly LoadPoint[]): number | undefined {
  const knee = kneeOf(points).load;
  const below = Math.max(0, ...points.map(({ load }) => load).filter((load) => load < knee));
  const between = Math.round(Math.sqrt(below * knee));
  return between > below && between < knee ? between : undefined;
}
