import { present } from "@destiny/core/kernel/invariant";
import type { Scenario } from "../run/scenario.ts";
import { kneeOf, type LoadPoint } from "../statistics/knee.ts";
import type { Course, Lookup } from "./course.ts";
import { exists, shownAs } from "./protocols.ts";
import { crashedReplicas, loadPointOf, paperScenario } from "./scenarios.ts";
import type { Effort, Grid, Ladder, SweepSpecification } from "./specification.ts";

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
  readonly #effort: Effort;

  constructor(specification: SweepSpecification, line: Line) {
    const { protocol, replicas, batch, payloadBytes } = line;
    this.#specification = specification;
    this.#line = line;
    this.#effort = present(
      specification.efforts.find((effort) => isFor(effort, line)),
      `an effort for ${replicas} replicas`,
    );
    this.protocol = protocol;
    this.label = `${shownAs(protocol).label}, N = ${replicas}, ${batch} x ${payloadBytes} B`;
    this.weight = (replicas * replicas * (this.#effort.warmUp + this.#effort.measured)) / batch;
    this.expectedRuns = Math.ceil(this.#effort.ladder.loads.length * 0.8) + this.#effort.seeds.length;
  }

  next(outcomeOf: Lookup): readonly Scenario[] {
    const points: LoadPoint[] = [];
    const wanted = climb(this.#effort.ladder, (load) => {
      const outcome = outcomeOf(this.#scenario(load, this.#firstSeed));
      if (outcome === undefined) return undefined;
      const point = loadPointOf(outcome);
      points.push(point);
      return point;
    });
    if (wanted !== undefined) return [this.#scenario(wanted, this.#firstSeed)];
    const knee = kneeOf(points).load;
    return this.#effort.seeds
      .map((seed) => this.#scenario(knee, seed))
      .filter((scenario) => outcomeOf(scenario) === undefined);
  }

  get #firstSeed(): number {
    return present(this.#effort.seeds[0], "a seed");
  }

  #scenario(load: number, seed: number): Scenario {
    const { warmUp, measured } = this.#effort;
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

function isFor({ families, protocols, replicasMax }: Effort, { protocol, replicas }: Line): boolean {
  const isMeant = protocols?.includes(protocol) ?? families?.includes(shownAs(protocol).family) ?? true;
  return isMeant && replicas <= replicasMax;
}

type PointAt = (load: number) => LoadPoint | undefined;

/** The next load to try; undefined once the ladder has ended and the knee is refined. */
function climb(ladder: Ladder, pointAt: PointAt): number | undefined {
  const points: LoadPoint[] = [];
  return nextRung(ladder, pointAt, points) ?? nextRefinement(ladder, pointAt, points);
}

/** The next load of the ladder, if it goes on; the points of those before are added to `points`. */
function nextRung({ loads, gain }: Ladder, pointAt: PointAt, points: LoadPoint[]): number | undefined {
  let best = 0;
  let vain = 0;
  for (const load of loads) {
    const point = pointAt(load);
    if (point === undefined) return load;
    points.push(point);
    vain = point.throughput > best * (1 + gain) ? 0 : vain + 1;
    best = Math.max(best, point.throughput);
    if (vain === PATIENCE || !point.settled) return undefined;
  }
  return undefined;
}

/** The next load below the knee, if there is one to try; the points of those before are added to `points`. */
function nextRefinement({ refinements }: Ladder, pointAt: PointAt, points: LoadPoint[]): number | undefined {
  for (let count = 0; count < refinements; count += 1) {
    const load = belowKnee(points);
    if (load === undefined) return undefined;
    const point = pointAt(load);
    if (point === undefined) return load;
    points.push(point);
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
