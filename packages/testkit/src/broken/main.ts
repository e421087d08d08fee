import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PLANTED_BUGS } from "./catalogue.ts";
import { detect, type Finding } from "./detect.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { describeFinding, table } from "./table.ts";

const USAGE = `npm run broken -- [--only ID[,ID...]] [--by WHAT] [--seeds N] [--jobs N] [--simulate] [--write FILE]

Plants one bug after the other into the sources, each in a process of its own, and looks whether it is noticed.
  --only      these bugs, or those whose id begins so
  --by        those that this has to notice: simulation, scenario or test
  --seeds     random simulations at most, 2000 if absent
  --jobs      bugs looked for at the same time
  --simulate  by the random simulation, also those bugs that a scenario or a test is for
  --write     the table, as Markdown
`;

const root = fileURLToPath(new URL("../../../../", import.meta.url));

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    by: { type: "string" },
    seeds: { type: "string", default: "2000" },
    jobs: { type: "string", default: `${cpus().length}` },
    simulate: { type: "boolean", default: false },
    write: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

function chosen(): readonly PlantedBug[] {
  const prefixes = values.only?.split(",");
  const bugs = PLANTED_BUGS.filter(
    ({ id, caughtBy }) =>
      (prefixes?.some((prefix) => id.startsWith(prefix)) ?? true) &&
      (values.by ?? caughtBy.by) === caughtBy.by,
  );
  return values.simulate ? bugs.map((bug) => ({ ...bug, caughtBy: { by: "simulation" } })) : bugs;
}

/** One bug after the other; null for one that could not even be planted. */
async function work(queue: PlantedBug[], findings: Finding[]): Promise<void> {
  for (let bug = queue.shift(); bug !== undefined; bug = queue.shift()) {
    const { id, protocol, replicas } = bug;
    const passed = (seeds: number): void => {
      if (seeds % 100 === 0) process.stderr.write(`  ${id}: nothing in ${seeds} seeds\n`);
    };
    const sick = (seed: number): void => {
      process.exitCode = 2;
      process.stderr.write(`  ${protocol}, n = ${replicas}, seed ${seed}: fails without the bug too\n`);
    };
    try {
      const finding = await detect(bug, { root, seedsMax: Number(values.seeds), passed, sick });
      findings.push(finding);
      process.stdout.write(`${describeFinding(finding)}\n`);
    } catch (error) {
      process.exitCode = 2;
      process.stdout.write(`? ${id}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

async function main(): Promise<void> {
  if (values.help) return void process.stdout.write(USAGE);
  const queue = [...chosen()];
  const order = queue.map(({ id }) => id);
  const findings: Finding[] = [];
  await Promise.all(Array.from({ length: Number(values.jobs) }, () => work(queue, findings)));
  findings.sort((a, b) => order.indexOf(a.bug.id) - order.indexOf(b.bug.id));
  const missed = findings.filter(({ noticed }) => noticed === null);
  process.stdout.write(`${findings.length - missed.length} of ${order.length} noticed\n`);
  if (missed.length > 0) process.exitCode = 1;
  if (values.write !== undefined) {
    const file = resolve(root, values.write);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, table(findings));
  }
}

await main();
