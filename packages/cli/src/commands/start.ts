import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { entryPath } from "@destiny/node/cluster/replica-process";
import { Command } from "commander";
import { UsageError } from "../output/failure.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** `destiny start`: one replica in the foreground. */
export function startCommand(): Command {
  return new Command("start")
    .description("run one replica in the foreground, until Ctrl-C")
    .requiredOption("--config <folder>", "the replica's folder, as destiny init made it")
    .addHelpText("after", "\nExample: destiny start --config cluster/replica-0")
    .action(start);
}

async function start({ config }: { readonly config: string }): Promise<void> {
  const directory = resolve(config);
  if (!existsSync(directory)) {
    throw new UsageError(`${config} does not exist: name a folder replica-N that destiny init made`);
  }
  const child = spawn(process.execPath, [entryPath(), "--config", directory], { stdio: "inherit" });
  // A terminal signals the whole group, a service manager only us: the replica takes a second signal for the first.
  for (const name of SIGNALS) process.on(name, () => child.kill("SIGTERM"));
  process.on("exit", () => child.kill("SIGKILL"));
  process.exitCode = await new Promise<number>((done, failed) => {
    child.once("error", failed);
    child.once("exit", (code) => done(code ?? 1));
  });
}
