// House rules that no linter knows. Prints each violation as file:line and exits 1 if there is any.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = execFileSync("git", ["rev-parse", "--show-toplevel"], { encoding: "utf8" }).trim();
const quoted = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** What lies beside this checkout is of this machine alone, as is everybody's home. */
const neighbours = readdirSync(dirname(root)).map((name) => quoted(join(dirname(root), name)));
const machinePath = new RegExp(`(?<![\\w./])(${[...neighbours, "/(home|Users)/\\w+", "/root"].join("|")})/`);

/** 2f + 1, 3f + 1, f + 1, n − f, (n − 1) / 3, quorum − 1 and their like, whatever object the letter is read from. */
const quorumArithmetic =
  /\b[23]\s*\*\s*(\w+\.)*#?f\b|(?<!\w)#?f\s*(\*\s*[23]|\+\s*1)\b|\bn\s*-\s*(\w+\.)*#?f\b|\bn(\s*-\s*1\))?\s*\/\s*[23]\b|\bquorum\s*[+-]\s*\d/;

const rules = [
  {
    says: "quorum arithmetic belongs to core/kernel/fault-model.ts",
    files: /^packages\/(?!testkit\/)[^/]+\/src\/(?!kernel\/fault-model\.ts).*(?<!\.(test|bench))\.ts$/,
    line: (text) => quorumArithmetic.test(text.replace(/^\s*(\/?\*|\/\/).*|\s\/\/.*/, "")),
  },
  {
    says: "the composition names no base protocol: catalogue.ts does",
    files: /^packages\/core\/src\/ordering\/dqbft\//,
    line: (text) => /hybster|pbft|sbft|hotstuff/i.test(text),
  },
  {
    says: "a path of one machine",
    files: /\.(ts|mjs|js|json|md|ya?ml|sh|c|h|gyp|svg|html)$|^\.ci\//,
    line: (text) => machinePath.test(text),
  },
];

const listing = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"],
  {
    cwd: root,
    encoding: "utf8",
  },
);
const deleted = new Set(
  execFileSync("git", ["ls-files", "--deleted"], { cwd: root, encoding: "utf8" }).split("\n"),
);

let violations = 0;
for (const file of listing.split("\n")) {
  const applicable = rules.filter((rule) => rule.files.test(file));
  if (applicable.length === 0 || deleted.has(file)) continue;
  for (const [index, text] of readFileSync(join(root, file), "utf8").split("\n").entries()) {
    for (const rule of applicable.filter((each) => each.line(text))) {
      process.stderr.write(`${file}:${index + 1}: ${rule.says}: ${text.trim()}\n`);
      violations += 1;
    }
  }
}
if (violations > 0) process.exitCode = 1;
