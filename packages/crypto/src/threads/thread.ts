import { Worker } from "node:worker_threads";
import { invariant } from "@destiny/core/kernel/invariant";

/** What a thread is asked: it must answer with the same number. */
export interface Asked<Job> {
  readonly id: number;
  readonly job: Job;
}

/** What a thread answers. */
export interface Answered<Result> {
  readonly id: number;
  readonly result: Result;
}

interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: Error) => void;
}

/**
 * A worker thread that answers one job after the other. It starts with the first job, and keeps the process alive only
 * while there are jobs. If it dies, the jobs in it fail, and so does every later one.
 */
export class Thread<Job, Result> {
  readonly #file: URL;
  readonly #waiting = new Map<number, Waiting<Result>>();
  #worker: Worker | undefined;
  #nextId = 0;
  #ended: Error | undefined;

  /**
   * `entry` is the thread's module below src, without its ending. Node 20 runs no TypeScript in threads, so that the
   * thread is the built file, from the sources, too.
   */
  constructor(entry: string) {
    this.#file = new URL(`../../dist/${entry}.js`, import.meta.url);
  }

  /** Jobs in the thread and on the way to it. */
  get busy(): number {
    return this.#waiting.size;
  }

  ask(job: Job): Promise<Result> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const worker = this.#worker ?? this.#start();
    const id = this.#nextId;
    this.#nextId += 1;
    const asked: Asked<Job> = { id, job };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage(asked);
    });
  }

  async close(): Promise<void> {
    this.#end(new Error("the thread was closed"));
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(this.#file, { execArgv: [] });
    worker.on("message", ({ id, result }: Answered<Result>) => {
      const waiting = this.#waiting.get(id);
      invariant(waiting !== undefined, "an answer to what was asked");
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) worker.unref();
      waiting.resolve(result);
    });
    worker.on("error", (error: Error) => this.#end(error));
    worker.on("exit", () => this.#end(new Error("the thread has ended")));
    this.#worker = worker;
    return worker;
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}
