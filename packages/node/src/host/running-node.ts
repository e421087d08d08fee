import type { ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { Replica } from "@destiny/core/replica/replica";
import type { SubsystemDescription } from "@destiny/crypto/trusted/subsystem";
import type { ClientServer } from "../clients/client-server.ts";
import type { ReplicaConfiguration } from "../configuration/replica-configuration.ts";
import { faultsOfGenesis } from "../genesis/check-genesis.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Store } from "../store/store.ts";
import type { ReplicaDriver } from "./replica-driver.ts";
import type { HostLog, NodeStatus, RunningReplica } from "./types.ts";

/** The parts of a replica that serves. */
export interface NodeParts {
  readonly driver: ReplicaDriver<Replica>;
  readonly store: Store;
  readonly mesh: Mesh;
  readonly clients: ClientServer;
  readonly subsystem: Pick<SubsystemDescription, "tier" | "bootEpoch">;
}

/** A reason is logged this often at most; all are counted. */
const REPORT_MILLIS = 10_000;

/** A replica at work: its parts, how they stop, and what its peers did wrong. */
export class RunningNode implements RunningReplica {
  readonly failed: Promise<Error>;
  readonly #configuration: ReplicaConfiguration;
  readonly #log: HostLog;
  readonly #startedAt: number = performance.now();
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #misbehaviour = new Map<string, number>();
  readonly #loggedAt = new Map<string, number>();
  #fail: (error: Error) => void = () => {};
  #parts: NodeParts | null = null;
  #stopping: Promise<void> | null = null;

  constructor(configuration: ReplicaConfiguration, log: HostLog) {
    this.#configuration = configuration;
    this.#log = log;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  get ports(): { mesh: number; client: number } {
    const { mesh, clients } = this.#running;
    return { mesh: mesh.port, client: clients.port };
  }

  /** How to undo what was just started. The last one goes first. */
  onStop(stop: () => Promise<void>): void {
    this.#stops.push(stop);
  }

  /** Everything is up. */
  run(parts: NodeParts): void {
    this.#parts = parts;
  }

  /** This replica cannot go on. */
  fail(error: Error): void {
    this.#fail(error);
  }

  /** Counts what a peer or client did wrong, under a bounded set of reasons. */
  report(peer: ReplicaId | undefined, reason: string): void {
    const key = `${peer ?? "-"} ${reason}`;
    this.#misbehaviour.set(key, (this.#misbehaviour.get(key) ?? 0) + 1);
    const now = performance.now();
    if (now - (this.#loggedAt.get(key) ?? Number.NEGATIVE_INFINITY) < REPORT_MILLIS) return;
    this.#loggedAt.set(key, now);
    const count = this.#misbehaviour.get(key) ?? 0;
    this.#log("warn", "refused", { ...(peer === undefined ? {} : { peer }), reason, count });
  }

  status(): NodeStatus {
    const { driver, store, mesh, clients, subsystem } = this.#running;
    const { id, genesis } = this.#configuration;
    const { n, f } = faultsOfGenesis(genesis);
    return {
      replica: id,
      protocol: genesis.protocol,
      n,
      f,
      tier: subsystem.tier,
      bootEpoch: subsystem.bootEpoch,
      uptimeSeconds: (performance.now() - this.#startedAt) / 1_000,
      core: driver.replica.status(),
      peers: mesh.statistics(),
      clients: clients.statistics(),
      store: store.statistics(),
      held: driver.held,
      misbehaviour: this.#misbehaviour,
    };
  }

  /** Safe to call twice, and before everything is up. */
  stop(): Promise<void> {
    this.#stopping ??= this.#undo();
    return this.#stopping;
  }

  /** One part that fails to stop must not keep the others from it. */
  async #undo(): Promise<void> {
    const errors: unknown[] = [];
    for (const stop of this.#stops.reverse()) {
      try {
        await stop();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, "not everything stopped cleanly");
  }

  get #running(): NodeParts {
    return present(this.#parts, "a replica that has started");
  }
}
