import { findScenario } from "./scenarios.ts";
import { runSeed } from "./seed-run.ts";

/** What a child process is asked to do with the sources that it was given. */
export type Task =
  | {
      readonly type: "seeds";
      readonly protocol: string;
      readonly replicas: number;
      readonly first: number;
      readonly count: number;
    }
  | { readonly type: "scenario"; readonly name: string };

/** What a child process says, a line each: one seed after the other passed, and in the end what was noticed, if anything. */
export type Line =
  | { readonly type: "passed"; readonly seed: number }
  | { readonly type: "end"; readonly noticed: string | null };

function say(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function runSeeds({ protocol, replicas, first, count }: Task & { type: "seeds" }): string | null {
  for (let seed = first; seed < first + count; seed += 1) {
    const noticed = runSeed(protocol, replicas, seed);
    if (noticed !== null) return noticed;
    say({ type: "passed", seed });
  }
  return null;
}

function runScenario(name: string): string | null {
  try {
    findScenario(name)();
    return null;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

const task = JSON.parse(process.argv[2] ?? "null") as Task;
say({ type: "end", noticed: task.type === "seeds" ? runSeeds(task) : runScenario(task.name) });
