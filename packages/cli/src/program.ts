import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { Command, CommanderError } from "commander";
import { EXIT, UsageError } from "./output/failure.ts";

/** Loads a command only when it is asked for: most need no simulator, no store and no cryptography. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["up", async () => (await import("./commands/up.ts")).upCommand()],
  ["demo", async () => (await import("./commands/demo.ts")).demoCommand()],
  ["init", async () => (await import("./commands/init.ts")).initCommand()],
  ["start", async () => (await import("./commands/start.ts")).startCommand()],
  ["put", async () => (await import("./commands/put.ts")).putCommand()],
  ["get", async () => (await import("./commands/get.ts")).getCommand()],
  ["del", async () => (await import("./commands/del.ts")).delCommand()],
  ["status", async () => (await import("./commands/status.ts")).statusCommand()],
  ["bench", async () => (await import("./commands/bench.ts")).benchCommand()],
  ["load", async () => (await import("./commands/load.ts")).loadCommand()],
  ["check", async () => (await import("./commands/check.ts")).checkCommand()],
  ["sim", async () => (await import("./commands/sim.ts")).simCommand()],
  ["experiment", async () => (await import("./commands/experiment.ts")).experimentCommand()],
  ["claims", async () => (await import("./commands/claims.ts")).claimsCommand()],
  ["inspect", async () => (await import("./commands/inspect.ts")).inspectCommand()],
]);

/** Runs the command line, and gives its exit status: 0 done, 1 failed, 2 wrong usage. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    const program = await programFor(args);
    await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    return statusOf(error);
  }
}

async function programFor(args: readonly string[]): Promise<Command> {
  const program = new Command("destiny")
    .description("Byzantine fault-tolerant replication: clusters, clients, measurements.")
    .version("0.1.0")
    .showSuggestionAfterError()
    .addHelpText("after", "\nExample: destiny up\nHelp for a command: destiny up --help");
  const wanted = COMMANDS.get(args[0] ?? "");
  const loads = wanted === undefined ? [...COMMANDS.values()] : [wanted];
  for (const load of loads) program.addCommand(await load());
  mannerly(program);
  return program;
}

/** Errors are thrown, and told in one line. */
function mannerly(command: Command): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) => {
      const line = text
        .trim()
        .replace(/^error: /, "")
        .replaceAll(/\s*\n\s*/g, " ");
      const path = pathOf(command);
      const end = /[.?)]$/.test(line) ? "" : ".";
      write(`${path}: ${line}${end} See ${path} --help.\n`);
    },
  });
  for (const each of command.commands) mannerly(each);
}

/** What a person types to get there. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const usage = error instanceof UsageError || error instanceof ConfigurationError || isConfiguration(error);
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`destiny: ${message.replaceAll(/\s*\n\s*/g, " ")}\n`);
  if (process.env["DESTINY_DEBUG"] !== undefined && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
  return usage ? EXIT.usage : EXIT.failed;
}

/** A `ReplicaStartError` of a process that said so, without loading what that takes. */
function isConfiguration(error: unknown): boolean {
  return error instanceof Error && "configuration" in error && error.configuration === true;
}
