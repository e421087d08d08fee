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
}

type Look = Pick<Finding, "noticed" | "seeds">;

/** What healthy sources came to, by what was run: a scenario or a test serves several bugs. */
const controls = new Map<string, Promise<Look>>();

/**
 * Plants the bug in a process of its own, and looks whether what has to notice it does; and that the same run of the
 * healthy sources notices nothing, or it says nothing of the bug. Throws if it does, or if nothing ran.
 */
export async function detect(bug: PlantedBug, options: DetectOptions): Promise<Finding> {
  const begin = performance.now();
  const found = await look(bug, options, { first: 1, count: options.seedsMax });
  const seconds = (performance.now() - begin) / 1000;
  if (found.noticed !== null) {
    const { noticed } = await control(bug, options, found.seeds ?? 1);
    if (noticed !== null)
      throw new Error(`without the bug too, after ${found.seeds ?? "no"} seeds: ${noticed}`);
  }
  return { bug, ...found, seconds };
}

function control(bug: PlantedBug, options: DetectOptions, seed: number): Promise<Look> {
  const { caughtBy, protocol, replicas } = bug;
  const healthy = { ...bug, edits: [] };
  if (caughtBy.by === "simulation") return look(healthy, options, { first: seed, count: 1 });
  const key = JSON.stringify([caughtBy, protocol, replicas]);
  const known = controls.get(key) ?? look(healthy, options, { first: seed, count: 1 });
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
