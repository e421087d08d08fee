import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Line, Task } from "./child.ts";
import type { Edit } from "./planted-bug.ts";

/** A child that says nothing for so long hangs: no healthy seed or scenario takes as long. */
const SILENCE_MILLIS = 300_000;
/** What is kept of the output of a child that fails. */
const OUTPUT_MAX = 100_000;

/** What a child process came to. */
export interface Outcome {
  /** What it noticed, in a few words; null for nothing. */
  readonly noticed: string | null;
  /** Seeds before. */
  readonly passed: number;
}

export interface ChildOptions {
  readonly edits: readonly Edit[];
  readonly root: string;
  readonly tell: (passed: number) => void;
}

/** Runs a task on patched sources, in a process of its own. Throws if it ends without a result. */
export function runChild(task: Task, { edits, root, tell }: ChildOptions): Promise<Outcome> {
  const node = ["--conditions=source", "--import", `${root}tools/typescript-sources.mjs`];
  const file = `${root}packages/testkit/src/broken/child.ts`;
  const child = start([...node, file, JSON.stringify(task)], edits, root);
  let passed = 0;
  let noticed: string | null | undefined;
  const watchdog = setTimeout(() => {
    noticed = "a run that does not end";
    child.kill("SIGKILL");
  }, SILENCE_MILLIS);
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (text) => {
      const line = JSON.parse(text) as Line;
      watchdog.refresh();
      if (line.type === "end") noticed = line.noticed;
      else {
        passed += 1;
        tell(passed);
      }
    });
  }
  const errors = outputOf(child.stderr);
  return new Promise((resolve, reject) => {
    child.on("close", (code) => {
      clearTimeout(watchdog);
      if (noticed === undefined) reject(new Error(`the process ended with ${code}: ${errors.text}`));
      else resolve({ noticed, passed });
    });
  });
}

/** Runs unit tests on patched sources. How one fails, or null if all pass; throws if none runs. */
export function runUnitTest(
  { file, name }: { readonly file: string; readonly name: string },
  edits: readonly Edit[],
  root: string,
): Promise<string | null> {
  const pattern = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const child = start([`${root}tools/patched-tests.mjs`, file, pattern], edits, root);
  const output = [outputOf(child.stdout), outputOf(child.stderr)];
  return new Promise((resolve, reject) => {
    child.on("close", (code) => {
      const text = output.map((part) => part.text).join("\n");
      if (!/Tests\s.*\d+ (failed|passed)/.test(text)) {
        reject(new Error(`no test "${name}" of ${file} ran: ${text.slice(-2000)}`));
      } else if (code === 0) resolve(null);
      else resolve(/\w*(Error|Violation|Refused): .*/.exec(text)?.[0] ?? "the test fails");
    });
  });
}

function start(args: readonly string[], edits: readonly Edit[], root: string): ChildProcess {
  const env = { ...process.env, DESTINY_PATCH: JSON.stringify(edits), NO_COLOR: "1", CI: "1" };
  return spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
}

function outputOf(stream: ChildProcess["stdout"]): { text: string } {
  const output = { text: "" };
  stream?.on("data", (chunk: Buffer) => {
    output.text = `${output.text}${chunk.toString()}`.slice(-OUTPUT_MAX);
  });
  return output;
}
