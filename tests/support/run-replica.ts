import { spawn } from "node:child_process";
import { once } from "node:events";
import { entryPath } from "@destiny/node/cluster/replica-process";

/** A replica that was told what it cannot do, and how it said so. */
export interface Refused {
  readonly code: number | null;
  readonly stdout: string;
  /** Its standard error, by lines. */
  readonly lines: readonly string[];
}

const TIMEOUT_MILLIS = 20_000;

/** Runs the program of a replica on a folder until it ends by itself. */
export async function runUntilItEnds(directory: string): Promise<Refused> {
  const args = [entryPath(), "--config", directory, "--exit-with-stdin"];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"], timeout: TIMEOUT_MILLIS });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk);
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, lines: stderr.split("\n").filter((line) => line !== "") };
}
