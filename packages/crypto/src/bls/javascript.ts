import { Worker } from "node:worker_threads";
import { invariant } from "@destiny/core/kernel/invariant";
import type { BlsBackend, Check, Domain } from "./backend.ts";
import { checkAll, parseKeyBytes, publicKeyOf, signStatement, sumKeyPoints } from "./curve.ts";

/** What the thread is asked: checks, or signatures. */
export interface Job {
  readonly id: number;
  readonly checks: readonly Check[];
  readonly signing?: {
    readonly secret: Uint8Array;
    readonly domain: Domain;
    readonly statements: readonly Uint8Array[];
  };
}

/** What the thread answers, in the order of what was asked. */
export interface Answer {
  readonly id: number;
  readonly results: readonly (Uint8Array | undefined)[];
}

/** Node 20 runs no TypeScript in threads, so that from the sources, too, the thread is the built file. */
const threadFile: URL = new URL("../../dist/bls/javascript-worker.js", import.meta.url);

/** Pure JavaScript in the calling thread: for tests and tools. Its promises resolve after the work, not beside it. */
export function openInline(): BlsBackend {
  return {
    name: "js",
    check: async (checks) => checkAll(checks),
    sign: async (secret, domain, statements) =>
      statements.map((statement) => signStatement(secret, domain, statement)),
    signSync: signStatement,
    publicKey: publicKeyOf,
    parseKey: parseKeyBytes,
    sumKeys: sumKeyPoints,
    close: async () => {},
  };
}

/** Pure JavaScript in a thread of its own. The thread starts with the first job and does not keep the process alive. */
export function openJavaScript(): BlsBackend {
  const thread = new Thread();
  return {
    ...openInline(),
    check: (checks) => thread.ask({ checks }),
    async sign(secret, domain, statements) {
      const shares = await thread.ask({ checks: [], signing: { secret, domain, statements } });
      return shares.filter((share) => share !== undefined);
    },
    close: () => thread.close(),
  };
}

interface Waiting {
  readonly resolve: (results: (Uint8Array | undefined)[]) => void;
  readonly reject: (reason: Error) => void;
}

class Thread {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #nextId = 0;
  #closed = false;

  ask(job: Omit<Job, "id">): Promise<(Uint8Array | undefined)[]> {
    invariant(!this.#closed, "a back end in use is open");
    const worker = this.#worker ?? this.#start();
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ id, ...job });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
    this.#fail(new Error("the BLS thread was closed"));
  }

  #start(): Worker {
    const worker = new Worker(threadFile, { execArgv: [] });
    worker.on("message", ({ id, results }: Answer) => {
      this.#waiting.get(id)?.resolve([...results]);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) worker.unref();
    });
    worker.on("error", (error: Error) => this.#fail(error));
    this.#worker = worker;
    return worker;
  }

  #fail(reason: Error): void {
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}
