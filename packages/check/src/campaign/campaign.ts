import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Tally } from "../run/tally.ts";
import { type NamedSubject, playSeed, type SeedResult, type Subject } from "./subject.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

/** A range of seeds, both ends included. */
export interface Seeds {
  readonly first: number;
  readonly last: number;
}

/** A seed in which an oracle saw something. */
export type FailedSeed = Pick<SeedResult, "seed" | "finding">;

/** What a campaign came to. */
export interface CampaignResult {
  readonly seeds: number;
  readonly tally: Tally;
  readonly failures: readonly FailedSeed[];
}

export interface CampaignOptions extends NamedSubject {
  readonly seeds: Seeds;
  /** Processes that share the seeds. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly onSeed: (done: number, failures: number) => void;
}

/** Plays a range of seeds in this process. */
export function playSeeds(subject: Subject, { first, last }: Seeds): CampaignResult {
  const tally = new Tally();
  const failures: FailedSeed[] = [];
  for (let seed = first; seed <= last; seed += 1) {
    const result = playSeed(subject, seed);
    tally.merge(result.tally);
    if (result.finding !== null) failures.push({ seed, finding: result.finding });
  }
  return { seeds: last - first + 1, tally, failures };
}

/** Plays a range of seeds in processes of their own. Rejects if the signal aborts, or a process ends by itself. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { seeds, jobs, signal } = options;
  const total = seeds.last - seeds.first + 1;
  signal.throwIfAborted();
  const workers = Array.from({ length: Math.min(jobs, total) }, launch);
  const kill = (): void => {
    for (const worker of workers) worker.kill("SIGKILL");
  };
  process.on("exit", kill);
  try {
    return await share(workers, options);
  } finally {
    kill();
    process.off("exit", kill);
  }
}

function share(workers: readonly ChildProcess[], options: CampaignOptions): Promise<CampaignResult> {
  const { protocol, n, slow, seeds, signal, onSeed } = options;
  const total = seeds.last - seeds.first + 1;
  const tally = new Tally();
  const failures: FailedSeed[] = [];
  let next = seeds.first;
  let done = 0;
  return new Promise((resolve, reject) => {
    const give = (worker: ChildProcess): void => {
      if (next > seeds.last) return;
      const work: ToWorker = { protocol, n, slow, seed: next };
      next += 1;
      worker.send(work);
    };
    const take = (worker: ChildProcess, { seed, finding, counts, faults }: FromWorker): void => {
      tally.merge({ counts, faults });
      if (finding !== null) failures.push({ seed, finding });
      done += 1;
      onSeed(done, failures.length);
      if (done === total)
        resolve({ seeds: total, tally, failures: failures.sort((a, b) => a.seed - b.seed) });
      else give(worker);
    };
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    for (const worker of workers) {
      worker.on("message", (message: FromWorker) => take(worker, message));
      worker.on("exit", (code) => reject(new Error(`a process of the campaign ended with status ${code}`)));
      give(worker);
    }
  });
}

function launch(): ChildProcess {
  const entry = fileURLToPath(new URL("./worker-main.js", import.meta.url));
  return fork(entry, [], { serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
}
