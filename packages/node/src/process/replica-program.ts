import type { Service } from "@destiny/core/service/service";
import { EXIT_WITH_STDIN, runReplica } from "./run-replica.ts";
import { serve } from "./serve.ts";

/** How long a clean stop may take before the process ends anyway. */
const STOP_TIMEOUT_MILLIS = 15_000;

/** What the author of a program may choose; the rest its operator does. */
export interface ReplicaProgramOptions {
  /** What is replicated, in its initial state; the key-value store if absent. The same at every replica of a cluster. */
  readonly service?: Service;
}

/**
 * All that the program of a replica does: reads `--config DIRECTORY`, runs the replica until the process is told to stop, and
 * ends the process with an `ExitCode`. Never returns.
 */
export async function replicaProgram({ service }: ReplicaProgramOptions = {}): Promise<never> {
  process.stdout.on("error", () => undefined); // Whoever started us need not listen.
  const code = await runReplica(
    {
      args: process.argv.slice(2),
      stdout: (line) => void process.stdout.write(`${line}\n`),
      stderr: (line) => void process.stderr.write(`${line}\n`),
      told: toldToStop(),
    },
    (configuration, log) => serve(configuration, log, service),
  );
  process.exit(code);
}

/** The first signal stops the replica cleanly; a second one, or a stop that takes too long, ends the process at once. */
function toldToStop(): Promise<string> {
  return new Promise((resolve) => {
    let told = false;
    const onSignal = (signal: string): void => {
      if (told) process.exit(1);
      told = true;
      setTimeout(() => process.exit(1), STOP_TIMEOUT_MILLIS).unref();
      resolve(signal);
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
    if (!process.argv.includes(`--${EXIT_WITH_STDIN}`)) return;
    const onEnd = (): void => void (told || onSignal("end of standard input"));
    process.stdin.on("end", onEnd).on("close", onEnd).on("error", onEnd).resume();
  });
}
