import { parentPort } from "node:worker_threads";
import { present } from "@destiny/core/kernel/invariant";
import type { Answered, Asked } from "./thread.ts";

/** The thread's half of {@link import("./thread.ts").Thread}: answers each job by `work`, in order. */
export function serve<Job, Result>(work: (job: Job) => Result): void {
  const port = present(parentPort, "runs as a worker thread");
  port.on("message", ({ id, job }: Asked<Job>) => {
    const answered: Answered<Result> = { id, result: work(job) };
    port.postMessage(answered);
  });
}
