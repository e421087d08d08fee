import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { CodeVersion } from "./record.ts";

const PACKAGES = fileURLToPath(new URL("../../../", import.meta.url));

/** What the outcome of a run follows from, under the folder of the packages. */
const DEPENDED_ON = [
  "core/src",
  "crypto/src",
  "simulator/src",
  "simulator/data",
  // The only machine of the specifications; the other profile is measured anew on every machine.
  "experiments/data/profiles/paper-2022.json",
  ...["load", "measure", "profiles", "run"].map((folder) => `experiments/src/${folder}`),
];

const SHORT_HASH = 16;

/** The version of the code that runs are made with now. */
export function codeVersion(): CodeVersion {
  return { commit: commit(), sources: sourcesHash(PACKAGES, DEPENDED_ON) };
}

/** Hash of these files, and of all in these folders that are no tests: names and contents. */
export function sourcesHash(root: string, folders: readonly string[]): string {
  const hash = createHash("sha256");
  for (const folder of folders) {
    for (const file of filesUnder(join(root, folder))) {
      const content = readFileSync(file);
      hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest("hex").slice(0, SHORT_HASH);
}

function filesUnder(folder: string): string[] {
  if (statSync(folder).isFile()) return [folder];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/\.(test|bench)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function commit(): string {
  try {
    const changes = git("status", "--porcelain", "--", ...DEPENDED_ON);
    return git("rev-parse", "--short=12", "HEAD") + (changes === "" ? "" : "+changes");
  } catch {
    return "unknown";
  }
}

function git(...args: string[]): string {
  return execFileSync("git", args, {
    cwd: PACKAGES,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}
