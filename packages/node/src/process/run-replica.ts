import { parseArgs } from "node:util";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { InvariantViolation } from "@destiny/core/kernel/invariant";
import {
  loadReplicaConfiguration,
  type ReplicaConfiguration,
} from "../configuration/replica-configuration.ts";
import { type Log, openLog } from "../observability/logger.ts";
import type { Serving } from "./serve.ts";

/** What the process ends with. */
export const ExitCode = {
  /** Stopped as it was told. */
  Done: 0,
  /** The replica failed. */
  Failed: 1,
  /** It was not started as it must be: the operator's to put right. */
  Misconfigured: 2,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** How a replica is started, given its configuration. */
export type Start = (configuration: ReplicaConfiguration, log: Log) => Promise<Serving>;

/** The world around the process. */
export interface Surroundings {
  readonly args: readonly string[];
  /** For programs: one line of JSON once the replica serves. */
  readonly stdout: (line: string) => void;
  /** For people: one line. */
  readonly stderr: (line: string) => void;
  /** Resolves with the signal's name when the process is told to stop. */
  readonly told: Promise<string>;
}

/** The end of standard input stops the replica too: for whoever starts it as a child, and may die. */
export const EXIT_WITH_STDIN = "exit-with-stdin";
const OPTIONS = { config: { type: "string" }, [EXIT_WITH_STDIN]: { type: "boolean" } } as const;
const USAGE =
  "usage: node process/main.js --config DIRECTORY [--exit-with-stdin], e.g. --config cluster/replica-0";

/** Runs one replica from start to stop, and tells what the process has to end with. Never rejects. */
export async function runReplica(surroundings: Surroundings, start: Start): Promise<ExitCode> {
  let log: Log | undefined;
  try {
    const configuration = loadReplicaConfiguration(configFolder(surroundings.args));
    log = openLog({ level: configuration.logLevel, replica: configuration.id });
    const replica = await start(configuration, log);
    surroundings.stdout(readyLine(replica, configuration));
    log.logger.info({ ...replica.addresses, pid: process.pid }, "serving");
    return await untilTheEnd(replica, surroundings, log);
  } catch (error) {
    return explain(error, surroundings, log);
  } finally {
    log?.flush();
  }
}

async function untilTheEnd(replica: Serving, { told }: Surroundings, log: Log): Promise<ExitCode> {
  const end = await Promise.race([told, replica.failed]);
  if (typeof end === "string") {
    log.logger.info({ signal: end }, "stopping");
    await replica.stop();
    log.logger.info("stopped");
    return ExitCode.Done;
  }
  logFailure(end, log);
  // What a failed replica still holds is let go of by the end of the process.
  return ExitCode.Failed;
}

/** For whoever started us: where to reach the replica, as one line of JSON. */
function readyLine({ addresses }: Serving, { id }: ReplicaConfiguration): string {
  return JSON.stringify({ event: "ready", replica: id, pid: process.pid, ...addresses });
}

function configFolder(args: readonly string[]): string {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS });
    if (values.config !== undefined && values.config !== "") return values.config;
  } catch (error) {
    throw new ConfigurationError(`${error instanceof Error ? error.message : String(error)}. ${USAGE}`);
  }
  throw new ConfigurationError(USAGE);
}

function explain(error: unknown, { stderr }: Surroundings, log: Log | undefined): ExitCode {
  if (error instanceof ConfigurationError) {
    stderr(`destiny: ${error.message}`);
    return ExitCode.Misconfigured;
  }
  if (log === undefined)
    stderr(`destiny: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  else logFailure(error, log);
  return ExitCode.Failed;
}

/** A broken invariant is a defect of this program, whatever peers sent: it is told apart from a failed disk. */
function logFailure(error: unknown, { logger }: Log): void {
  const what =
    error instanceof InvariantViolation ? "broken invariant, please report it" : "the replica failed";
  logger.fatal({ err: error }, what);
}
