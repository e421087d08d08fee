import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Outbox } from "@destiny/core/effects/port";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { Driven } from "@destiny/core/replica/driven";
import { decodeFrame, encodeFrame } from "@destiny/core/wire/codec";
import type { Preamble } from "@destiny/core/wire/statement";
import { ModelScheme } from "@destiny/crypto/certificates/model";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { openEd25519 } from "@destiny/crypto/signatures/ed25519";
import { SignatureVerifier } from "@destiny/crypto/signatures/verifier";
import { inProcessSigner } from "@destiny/crypto/trusted/in-process";
import { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import { KeyTables } from "@destiny/node/host/key-tables";
import { ReplicaDriver } from "@destiny/node/host/replica-driver";
import { Verifier } from "@destiny/node/host/verifier";
import { createMetrics } from "@destiny/node/observability/metrics";
import { Store } from "@destiny/node/store/store";
import type { Departure, DriverBench } from "./driver-suite.ts";
import { marked, markOf, stateIn } from "./scripted-replica.ts";
import { StallingStore } from "./stalling-store.ts";

const N = 3;
const SELF: ReplicaId = 0;
const INSTANCE = 0;
const PREAMBLE: Preamble = { cluster: "b".repeat(32), configuration: 0 };
/** Nothing new for so long is rest, once the disk is idle. */
const REST_MILLIS = 40;

/** The production driver on the bench: its real store, and the models of certificates that the simulator uses. */
export class NodeBench implements DriverBench {
  readonly departures: Departure[] = [];
  readonly #dir: string = mkdtempSync(join(tmpdir(), "destiny-bench-"));
  readonly #trust: Trust = openTrust();
  #store: StallingStore | null = null;
  #driver: ReplicaDriver<Driven> | null = null;
  #activity = 0;

  async start(create: (outbox: Outbox) => Driven): Promise<void> {
    const failed = (error: Error): void => {
      throw error;
    };
    const place = { cluster: PREAMBLE.cluster, replica: SELF, historyBytesMax: 1_048_576 };
    this.#store = new StallingStore(await Store.open({ dir: this.#dir, ...place, failed }));
    this.#driver = new ReplicaDriver({
      self: SELF,
      create: (outbox) => this.#watched(create(outbox)),
      store: this.#store,
      ...this.#trust,
      recorder: createMetrics({ processMetrics: false }),
      links: {
        send: (to, frame) => this.#onFrame(to, frame),
        broadcast: (frame) => {
          for (let to = 0; to < N; to += 1) if (to !== SELF) this.#onFrame(to, frame);
        },
        pause: () => {},
        resume: () => {},
      },
      reply: (reply) => void this.departures.push({ to: "client", mark: reply.timestamp }),
      report: () => {},
      failed,
    });
    await this.#driver.recover();
    this.#driver.start();
  }

  deliver(from: ReplicaId, mark: number): void {
    present(this.#driver, "a started driver").onFrame(from, encodeFrame(INSTANCE, marked(mark)));
  }

  stallDisk(): void {
    present(this.#store, "an open store").stall();
  }

  resumeDisk(): void {
    present(this.#store, "an open store").resume();
  }

  async settle(): Promise<void> {
    for (let before = -1; before !== this.#activity || this.#store?.idle === false; ) {
      before = this.#activity;
      await sleep(REST_MILLIS);
    }
  }

  async restart(create: (outbox: Outbox) => Driven): Promise<void> {
    await this.#stop();
    await this.start(create);
  }

  async close(): Promise<void> {
    await this.#stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #stop(): Promise<void> {
    this.#driver?.stop();
    this.#store?.resume();
    await this.#store?.close();
    this.#store = null;
  }

  #onFrame(to: ReplicaId, frame: Uint8Array): void {
    this.#activity += 1;
    const { message } = decodeFrame(frame, digestOf);
    this.departures.push({ to, mark: markOf(message), ...stateIn(message) });
  }

  /** Notices every event, for rest to be seen. */
  #watched(replica: Driven): Driven {
    return new Proxy(replica, {
      get: (target, name) => {
        this.#activity += 1;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }
}

type Trust = Pick<ConstructorParameters<typeof ReplicaDriver<Driven>>[0], "verifier" | "jobs">;

function openTrust(): Trust {
  const faults = FaultModel.hybrid(N);
  const ed25519 = openEd25519();
  const identity = ed25519.keyFromSeed(new Uint8Array(32).fill(1));
  const tau = new ModelScheme({ kind: "multisig", n: N, threshold: faults.quorum, seed: "tau" });
  const pi = new ModelScheme({ kind: "threshold", n: N, threshold: faults.oneCorrect, seed: "pi" });
  const common = { preamble: PREAMBLE, replica: SELF, bootEpoch: 1, instances: N + 1 };
  const machine = new ThreshSign({ ...common, shares: tau.signer(SELF), identity });
  const nothing = new Uint8Array(0);
  const shares = { shareKey: nothing, shareProof: nothing };
  const description = { ...common, identityKey: identity.publicKey, ...shares };
  const subsystem = inProcessSigner(machine, description, identity);
  const identities = Array.from({ length: N }, () => ({ bootEpoch: 1, publicKey: identity.publicKey }));
  const signatures = new SignatureVerifier(ed25519, false);
  const keys = new KeyTables({ tau, identities });
  return {
    verifier: new Verifier({ preamble: PREAMBLE, keys, pi, signatures }),
    jobs: { preamble: PREAMBLE, keys, pi, shareSigner: pi.signer(SELF), subsystem },
  };
}
