import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type ClusterDescription, clusterDescriptionToJson } from "@destiny/client/cluster-description";
import { Failure } from "../output/failure.ts";
import { clientSeeds } from "./client-seeds.ts";
import type { FromGenerator, GeneratorPlan, LoadSample, ToGenerator } from "./protocol.ts";

/** A load: how many clients do what. */
export interface LoadPlan {
  readonly cluster: ClusterDescription;
  /** Names the clients' keys: the same name, the same keys. One load at a time may use them. */
  readonly name: string;
  readonly clients: number;
  /** Processes that share the clients. */
  readonly generators: number;
  readonly bundle: number;
  readonly payloadBytes: number;
  readonly keys: number;
  /** Options of the runtime for the generators. */
  readonly runtimeOptions?: readonly string[] | undefined;
}

/** How long a client waits for one request before it counts an error. */
const DEADLINE_MILLIS = 30_000;
/** From the wish that a generator stops to the end of its patience. */
const STOP_MILLIS: number = DEADLINE_MILLIS + 5_000;

/** Load from processes of its own, so that clients and the one that counts do not slow each other down. */
export class LoadRun {
  readonly #children: readonly ChildProcess[];
  readonly #failed: Promise<never>;
  #give: (reason: unknown) => void = () => undefined;
  #onSample: (sample: LoadSample) => void = () => undefined;

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children;
    const given = new Promise<never>((_, reject) => {
      this.#give = reject;
    });
    this.#failed = Promise.race([given, ...children.map((child) => this.#watch(child))]);
    this.#failed.catch(() => undefined);
    process.on("exit", this.#kill);
  }

  /** Starts the generators and connects their clients. Rejects, with none left, if one cannot or the signal aborts. */
  static async open(plan: LoadPlan, signal: AbortSignal): Promise<LoadRun> {
    const plans = generatorPlans(plan);
    signal.throwIfAborted();
    const run = new LoadRun(plans.map(() => launch(plan.runtimeOptions)));
    const give = (): void => run.#give(signal.reason);
    signal.addEventListener("abort", give, { once: true });
    try {
      const connected = run.#all("connected");
      for (const [index, each] of plans.entries()) run.#tell(index, { type: "plan", plan: each });
      await run.#orFailure(connected);
      return run;
    } catch (error) {
      await run.abandon();
      throw error;
    } finally {
      signal.removeEventListener("abort", give);
    }
  }

  /** The load begins. Rejects only if a generator is lost, and else resolves never. */
  go(onSample: (sample: LoadSample) => void): Promise<never> {
    this.#onSample = onSample;
    for (const index of this.#children.keys()) this.#tell(index, { type: "go" });
    return this.#failed;
  }

  /** No more requests: waits for those under way. Gives how many messages came that no correct replica sends. */
  async stop(): Promise<number> {
    const done = this.#all("done");
    const exits = this.#children.map((child) => once(child, "exit"));
    for (const index of this.#children.keys()) this.#tell(index, { type: "stop" });
    const late = setTimeout(this.#kill, STOP_MILLIS);
    try {
      const messages = await this.#orFailure(done);
      await Promise.all(exits);
      return messages.reduce((sum, message) => sum + (message.type === "done" ? message.misbehaviour : 0), 0);
    } finally {
      clearTimeout(late);
      process.off("exit", this.#kill);
    }
  }

  /** Ends the generators at once. */
  async abandon(): Promise<void> {
    const alive = this.#children.filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    );
    const exits = alive.map((child) => once(child, "exit"));
    this.#kill();
    await Promise.all(exits);
    process.off("exit", this.#kill);
  }

  readonly #kill = (): void => {
    for (const child of this.#children) child.kill("SIGKILL");
  };

  #tell(index: number, message: ToGenerator): void {
    const child = this.#children[index];
    if (child?.connected) child.send(message);
  }

  #orFailure<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#failed]);
  }

  #all(type: FromGenerator["type"]): Promise<FromGenerator[]> {
    return Promise.all(this.#children.map((child) => next(child, type)));
  }

  #watch(child: ChildProcess): Promise<never> {
    let finished = false;
    return new Promise((_, reject) => {
      child.on("message", (message: FromGenerator) => {
        if (message.type === "sample") this.#onSample(message.sample);
        else if (message.type === "failed") reject(new Failure(`the load failed: ${message.message}`));
        else if (message.type === "done") finished = true;
      });
      child.once("error", (error) => reject(new Failure(`the load generator: ${error.message}`)));
      child.once("exit", (code, signal) => {
        if (!finished) reject(new Failure(`the load generator ended (${signal ?? `status ${code}`})`));
      });
    });
  }
}

function next(child: ChildProcess, type: FromGenerator["type"]): Promise<FromGenerator> {
  return new Promise((resolve) => {
    const take = (message: FromGenerator): void => {
      if (message.type !== type) return;
      child.off("message", take);
      resolve(message);
    };
    child.on("message", take);
  });
}

function generatorPlans(plan: LoadPlan): GeneratorPlan[] {
  const { bundle, payloadBytes, keys } = plan;
  const seeds = clientSeeds(plan.name, plan.clients, plan.cluster.faults.n);
  const cluster = clusterDescriptionToJson(plan.cluster);
  return Array.from({ length: Math.min(plan.generators, plan.clients) }, (_, index) => ({
    cluster,
    // Blocks, not every k-th: each generator has clients at all coordinators.
    seeds: blockOf(seeds, index, Math.min(plan.generators, plan.clients)).map((seed) =>
      Buffer.from(seed).toString("hex"),
    ),
    bundle,
    payloadBytes,
    keys,
    deadlineMillis: DEADLINE_MILLIS,
  }));
}

function blockOf<T>(list: readonly T[], index: number, blocks: number): T[] {
  const start = Math.floor((list.length * index) / blocks);
  return list.slice(start, Math.floor((list.length * (index + 1)) / blocks));
}

function launch(runtimeOptions: readonly string[] | undefined): ChildProcess {
  const entry = fileURLToPath(new URL("./generator-main.js", import.meta.url));
  const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
  return fork(entry, [], {
    execArgv: [...(runtimeOptions ?? [])],
    serialization: "advanced",
    stdio: [...stdio],
  });
}
