import { type Calibration, calibrate } from "@destiny/experiments/calibrate/calibrate";
import type { Comparison } from "@destiny/experiments/calibrate/compare";
import { Command, Option } from "commander";
import { realBench } from "../calibrate/real-bench.ts";
import { signerCosts } from "../calibrate/signer-probe.ts";
import { storeCosts } from "../calibrate/store-probe.ts";
import { transportCosts } from "../calibrate/transport-probe.ts";
import { interruption } from "../output/interruption.ts";
import { formatPairs, formatTable, printJson, printLine, round } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { jsonOption } from "./options.ts";

const EXAMPLES = `
Example: destiny experiment calibrate --keep

Measures on one processor what our cryptography, code and transport cost here, and makes the profile modern of it. Then runs
small clusters of real processes and the same clusters in the simulator, all replicas and clients on this machine's processors,
and says by how much the simulator is off: the first of them gives the overhead, the others are predictions. The machine should have nothing else to do.`;

/** `destiny experiment calibrate`: the costs of this machine, and the error of the model. */
export function calibrateCommand(): Command {
  return new Command("calibrate")
    .description("measure what things cost on this machine, and how far the model is from real clusters")
    .addOption(new Option("--keep", "do not replace the profile modern"))
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(run);
}

async function run({ keep = false, json }: { readonly keep?: boolean; readonly json?: true }): Promise<void> {
  const scene = { signal: interruption(), progress: new Progress() };
  const found = await calibrate({
    transport: transportCosts,
    signer: signerCosts,
    store: storeCosts,
    bench: realBench(scene),
    stage: (text) => scene.progress.stage(text),
    write: !keep,
  });
  scene.progress.clear();
  if (json) printJson(found);
  else printLine(describe(found));
}

function describe({ costs, profile, comparisons, loadBefore }: Calibration): string {
  const measured = Object.entries(costs).flatMap(([part, each]) =>
    Object.entries(each).map(([name, value]): readonly [string, string] => [
      `${part}: ${name}`,
      `${round(Number(value))}`,
    ]),
  );
  const pairs = formatPairs([
    ...measured,
    ["overhead", `${profile.overhead.factor}`],
    ["load before", `${round(loadBefore)}`],
  ]);
  return `${pairs}\n\n${formatTable(HEADINGS, comparisons.map(row))}`;
}

const HEADINGS = [
  ...["protocol", "replicas", "clients", "bundle", "real commands/s", "simulated", "error", "real mean ms"],
  ...["simulated", "error", "real CPU us/command", "simulated", "error"],
];

function row({ configuration, real, simulated, errors }: Comparison): (string | number)[] {
  const { protocol, replicas, clients, bundle } = configuration;
  return [
    ...[protocol, replicas, clients, bundle],
    ...[round(real.throughput, 0), round(simulated.throughput, 0), percent(errors.throughput)],
    ...[round(real.latencyMs.mean), round(simulated.latencyMs.mean), percent(errors.latency)],
    ...[round(real.cpuPerCommand ?? 0, 1), round(simulated.cpuPerCommand ?? 0, 1), percent(errors.cpu ?? 0)],
  ];
}

function percent(error: number): string {
  return `${error >= 0 ? "+" : ""}${(error * 100).toFixed(0)} %`;
}
