import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { lastLineOf } from "./last-line.ts";

/** A young generation of 64 MiB: batches die young, and the default of 16 MiB has them copied before they do. */
const RUNTIME_OPTIONS: readonly string[] = ["--max-semi-space-size=64"];

/** Name of the file in a replica's folder that its process logs to. */
export const LOG_FILE = "replica.log";

/** A longer log is set aside, as one old one, when the replica starts. */
const LOG_BYTES_MAX = 67_108_864;
/** For a machine that starts many processes at once. */
const READY_MILLIS = 90_000;
/** From the polite signal to the other one. */
const GRACE_MILLIS = 10_000;

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A replica did not start. The message says which, why, and where its log is. */
class ReplicaStartError extends Error {
  override readonly name = "ReplicaStartError";
  /** Whether it is the operator's to mend: a port in use, a file that is not right. */
  readonly configuration: boolean;

  constructor(message: string, configuration: boolean) {
    super(message);
    this.configuration = configuration;
  }
}

/** What a replica's process needs. */
export interface ReplicaProcessOptions {
  readonly id: ReplicaId;
  /** The replica's folder, absolute. */
  readonly directory: string;
  /** Options of the runtime, before the program's. */
  readonly runtimeOptions?: readonly string[] | undefined;
  /** The program; that of the key-value store if absent. */
  readonly program?: string | undefined;
}

/**
 * One replica in a process of its own, which starts its trusted signer itself. It is the leader of its own process group,
 * so that a Ctrl-C meant for us does not end it and its signer in no order; and it ends when we do, by its standard input.
 */
export class ReplicaProcess {
  readonly id: ReplicaId;
  readonly logPath: string;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #running = true;

  private constructor(options: ReplicaProcessOptions) {
    this.id = options.id;
    this.logPath = join(options.directory, LOG_FILE);
    this.#child = launch(options, this.logPath);
    this.exited = once(this.#child, "exit").then(
      ([code, signal]) => this.#onExit({ code, signal } as Exit),
      () => this.#onExit({ code: null, signal: null }),
    );
    process.on("exit", this.#killGroup);
  }

  /** Resolves when the replica serves; rejects with {@link ReplicaStartError} when it ends before, or takes too long. */
  static async start(options: ReplicaProcessOptions, signal?: AbortSignal): Promise<ReplicaProcess> {
    const started = new ReplicaProcess(options);
    try {
      await started.#ready(signal);
    } catch (error) {
      started.#killGroup();
      await started.exited;
      throw error;
    }
    return started;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Asks it to stop; ends it if it has not after ten seconds. */
  async stop(): Promise<Exit> {
    if (this.#running) this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#killGroup(), GRACE_MILLIS);
    const exit = await this.exited;
    clearTimeout(late);
    return exit;
  }

  /** Ends it on the spot, as a power failure would. */
  async kill(): Promise<Exit> {
    this.#killGroup();
    return this.exited;
  }

  #onExit(exit: Exit): Exit {
    this.#running = false;
    process.off("exit", this.#killGroup);
    return exit;
  }

  readonly #killGroup = (): void => {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // The whole group has ended.
    }
  };

  /** A process that serves says so in its first line of standard output. */
  async #ready(signal: AbortSignal | undefined): Promise<void> {
    const { stdout } = this.#child;
    if (stdout === null) return;
    const lines = createInterface({ input: stdout });
    const waiting = new AbortController();
    const spoke = once(lines, "line", { signal: waiting.signal }).then(() => "ready" as const);
    const ended = this.exited.then((exit) => exit);
    const late = waitFor(READY_MILLIS, waiting.signal, signal);
    const first = await Promise.race([spoke, ended, late]).finally(() => waiting.abort());
    for (const promise of [spoke, late]) promise.catch(() => undefined);
    if (first === "ready") return;
    const why = first === "late" ? `was not ready after ${READY_MILLIS / 1000} s` : describeExit(first);
    const said = lastLineOf(this.logPath);
    const detail = said === "" ? why : said;
    const configuration = first !== "late" && first.code === 2;
    throw new ReplicaStartError(
      `replica ${this.id} did not start: ${detail} (log: ${this.logPath})`,
      configuration,
    );
  }
}

/** An exit in words. */
export function describeExit({ code, signal }: Exit): string {
  if (signal !== null) return `ended by ${signal}`;
  return code === null ? "could not be run" : `ended with status ${code}`;
}

function launch(options: ReplicaProcessOptions, logPath: string): ChildProcess {
  const { directory, runtimeOptions = [], program = entryPath() } = options;
  setAside(logPath);
  const log = openSync(logPath, "a", 0o600);
  try {
    const args = [...RUNTIME_OPTIONS, ...runtimeOptions, program, "--config", directory, "--exit-with-stdin"];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", log], detached: true });
    child.stdin?.on("error", () => undefined); // It ended; `exited` tells.
    return child;
  } finally {
    closeSync(log);
  }
}

function setAside(logPath: string): void {
  const size = statSync(logPath, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_BYTES_MAX) renameSync(logPath, `${logPath}.1`);
}

async function waitFor(
  millis: number,
  done: AbortSignal,
  interrupted: AbortSignal | undefined,
): Promise<"late"> {
  return new Promise((resolve, reject) => {
    interrupted?.throwIfAborted();
    const timer = setTimeout(() => resolve("late"), millis);
    const give = (): void => reject(interrupted?.reason);
    interrupted?.addEventListener("abort", give, { once: true });
    done.addEventListener("abort", () => {
      clearTimeout(timer);
      interrupted?.removeEventListener("abort", give);
    });
  });
}

/** The program that one replica is, as compiled: sources, which tests run from, are nothing that Node could start. */
export function entryPath(): string {
  const compiled = import.meta.url.endsWith(".ts") ? "../../dist/process/main.js" : "../process/main.js";
  return fileURLToPath(new URL(compiled, import.meta.url));
}
