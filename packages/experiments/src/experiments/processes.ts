import { type ChildProcess, fork } from "node:child_process";
import type { Outcome } from "../run/outcome.ts";
import type { Scenario } from "../run/scenario.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

/** Runs a scenario, and tells the share of its virtual time that is over. */
export type RunScenario = (scenario: Scenario, onProgress: (share: number) => void) => Promise<Outcome>;

/** A process that has grown beyond it is not used again. */
const KEPT_BYTES_MAX = 1_073_741_824;

/** Processes that run scenarios, made when wanted and used again. */
export class Processes {
  readonly #entry: URL;
  readonly #all = new Set<ChildProcess>();
  readonly #idle: ChildProcess[] = [];
  readonly #close = (): void => this.close();

  /** `entry` is the module that a process runs. */
  constructor(entry: URL = new URL("./worker-main.js", import.meta.url)) {
    this.#entry = entry;
    process.on("exit", this.#close);
  }

  /** Runs it in a process of its own while it lasts. Rejects if the run throws, or the process ends. */
  readonly run: RunScenario = (scenario, onProgress) => {
    const worker = this.#idle.pop() ?? this.#launch();
    return new Promise<Outcome>((resolve, reject) => {
      const onExit = (code: number | null, signal: string | null): void =>
        reject(new Error(`a process that ran ${scenario.protocol} ended (${signal ?? `status ${code}`})`));
      const onMessage = (message: FromWorker): void => {
        if (message.type === "progress") return onProgress(message.share);
        worker.off("exit", onExit).off("message", onMessage);
        if (message.type === "failed") {
          this.#end(worker);
          return reject(new Error(message.message));
        }
        if (message.outcome.wall.residentBytes > KEPT_BYTES_MAX) this.#end(worker);
        else this.#idle.push(worker);
        resolve(message.outcome);
      };
      worker.on("exit", onExit).on("message", onMessage);
      const message: ToWorker = { scenario };
      worker.send(message);
    });
  };

  /** Ends all of them; what they are at is lost. */
  close(): void {
    for (const worker of [...this.#all]) this.#end(worker);
    process.off("exit", this.#close);
  }

  #launch(): ChildProcess {
    const worker = fork(this.#entry, [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    worker.on("exit", () => this.#all.delete(worker));
    this.#all.add(worker);
    return worker;
  }

  #end(worker: ChildProcess): void {
    this.#all.delete(worker);
    worker.kill("SIGKILL");
  }
}
