import type { Task } from "./child.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { runChild, runUnitTest } from "./run-patched.ts";

/** What came of looking for a bug. */
export interface Finding {
  readonly bug: PlantedBug;
  /** What noticed it, in a few words; null if nothing did. */
  readonly noticed: string | null;
  /** Seeds that it took, the last one included; null if it was no matter of seeds. */
  readonly seeds: number | null;
  readonly seconds: number;
}

export interface DetectOptions {
  /** The top of the checkout, with a slash at its end. */
  readonly root: string;
  readonly seedsMax: number;
  /** Told after every seed that noticed nothing, of how many those are. */
  readonly passed: (seeds: number) => void;
  /** Told of a seed that the healthy product does not pass either. */
  readonly sick: (seed: number) => void;
}

type Look = Pick<Finding, "noticed" | "seeds">;

/** What healthy sources came to, by what was run: a scenario, a test or a seed serves several bugs. */
const controls = new Map<string, Promise<Look>>();

/**
 * Plants the bug in a process of its own, and looks whether what has to notice it does. The same run of the healthy sources
 * must notice nothing, or it says nothing of the bug: a seed that does is left out, a scenario or test that does throws.
 */
export async function detect(bug: PlantedBug, options: DetectOptions): Promise<Finding> {
  const begin = performance.now();
  const found = bug.caughtBy.by === "simulation" ? await simulate(bug, options) : await direct(bug, options);
  return { bug, ...found, seconds: (performance.now() - begin) / 1000 };
}

async function simulate(bug: PlantedBug, options: DetectOptions): Promise<Look> {
  const { seedsMax } = options;
  let first = 1;
  while (first <= seedsMax) {
    const passed = (seeds: number): void => options.passed(first - 1 + seeds);
    const { noticed, seeds } = await look(
      bug,
      { ...options, passed },
      { first, count: seedsMax - first + 1 },
    );
    const seed = first - 1 + (seeds ?? 0);
    if (noticed === null) break;
    if ((await control(bug, options, seed)).noticed === null) return { noticed, seeds: seed };
    options.sick(seed);
    first = seed + 1;
  }
  return { noticed: null, seeds: seedsMax };
}

async function direct(bug: PlantedBug, options: DetectOptions): Promise<Look> {
  const found = await look(bug, options, { first: 1, count: 1 });
  if (found.noticed === null) return found;
  const { noticed } = await control(bug, options, 0);
  if (noticed !== null) throw new Error(`the healthy sources fail too: ${noticed}`);
  return found;
}

function control(bug: PlantedBug, options: DetectOptions, seed: number): Promise<Look> {
  const { caughtBy, protocol, replicas } = bug;
  const key = JSON.stringify(caughtBy.by === "simulation" ? [protocol, replicas, seed] : caughtBy);
  const passed = (): void => {};
  const known =
    controls.get(key) ?? look({ ...bug, edits: [] }, { ...options, passed }, { first: seed, count: 1 });
  controls.set(key, known);
  return known;
}

async function look(
  { caughtBy, protocol, replicas, edits }: PlantedBug,
  { root, passed: tell }: DetectOptions,
  seeds: { readonly first: number; readonly count: number },
): Promise<Look> {
  if (caughtBy.by === "test") return { noticed: await runUnitTest(caughtBy, edits, root), seeds: null };
  const isScenario = caughtBy.by === "scenario";
  const task: Task = isScenario
    ? { type: "scenario", name: caughtBy.name }
    : { type: "seeds", protocol, replicas, ...seeds };
  const { noticed, passed } = await runChild(task, { edits, root, tell });
  if (isScenario) return { noticed, seeds: null };
  return { noticed, seeds: noticed === null ? passed : passed + 1 };
}
