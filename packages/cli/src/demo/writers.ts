import { type Client, connect } from "@destiny/client/client";
import type { ClusterDescription } from "@destiny/client/cluster-description";
import { KeyValueClient } from "@destiny/client/key-value-client";
import { openProofVerifier } from "@destiny/client/open-proof-verifier";
import type { Answered } from "@destiny/client/service-client";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { clientSeeds } from "../load/client-seeds.ts";
import { type Latencies, Tally } from "../load/tally.ts";
import { Failure } from "../output/failure.ts";
import { note } from "../output/print.ts";

/** Requests that each client has under way. */
const UNDER_WAY = 8;

/** What a batch of calls took. */
export interface Drive {
  readonly commands: number;
  readonly seconds: number;
  readonly latencyMs: Latencies;
  /** Replies that a certificate proved; the others count since enough replicas said the same. */
  readonly proofs: number;
  /** Different certificates among them: requests of one batch share one. */
  readonly certificates: number;
}

/** Told of every answer: whose, and when it was asked for. In milliseconds of the process's clock. */
export type OnAnswer = (client: number, sentAt: number) => void;

/** One client per replica, each coordinated by another one at first. */
export class Writers {
  readonly clients: readonly Client[];
  /** Whether replies come with certificates, or count because enough replicas say the same. */
  readonly #proven: boolean;
  readonly #release: () => Promise<void>;
  #closing: Promise<void> | undefined;

  private constructor(
    clients: readonly Client[],
    { proven, release }: { readonly proven: boolean; readonly release: () => Promise<void> },
  ) {
    this.clients = clients;
    this.#proven = proven;
    this.#release = release;
  }

  static async open(cluster: ClusterDescription): Promise<Writers> {
    const { proofs, close } = await openProofVerifier(cluster, note);
    const { n } = cluster.faults;
    const shared = proofs === null ? { cluster } : { cluster, proofs };
    const seeds = clientSeeds("demo", n, n);
    const clients = await Promise.all(seeds.map((seed) => connect({ ...shared, seed })));
    return new Writers(clients, { proven: proofs !== null, release: close });
  }

  /** Writes keys from number `first` on, in turn by all clients. */
  write(first: number, count: number, onAnswer?: OnAnswer): Promise<Drive> {
    const put = async (store: KeyValueClient, key: number): Promise<Answered<unknown>> =>
      store.put(keyName(key), textOf(key));
    return this.#drive({ first, count, shift: 0, onAnswer }, put);
  }

  /** Reads keys back, each by another client than the one that wrote it. Rejects if a value is another. */
  read(first: number, count: number): Promise<Drive> {
    const get = async (store: KeyValueClient, key: number): Promise<Answered<unknown>> => {
      const answer = await store.get(keyName(key));
      const found = answer.value === undefined ? "nothing" : Buffer.from(answer.value).toString("utf8");
      if (found !== textOf(key)) throw new Failure(`${keyName(key)} holds ${found}, not ${textOf(key)}`);
      if (this.#proven && answer.reply.proof === null)
        throw new Failure(`${keyName(key)} came without a proof`);
      return answer;
    };
    return this.#drive({ first, count, shift: 1, onAnswer: undefined }, get);
  }

  /** Whom each client takes for its coordinator. */
  coordinators(): (ReplicaId | null)[] {
    return this.clients.map(({ coordinator }) => coordinator);
  }

  /** Rejects all calls under way. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    await this.#release();
  }

  async #drive(
    plan: {
      readonly first: number;
      readonly count: number;
      readonly shift: number;
      readonly onAnswer: OnAnswer | undefined;
    },
    call: (store: KeyValueClient, key: number) => Promise<Answered<unknown>>,
  ): Promise<Drive> {
    const { first, count, shift, onAnswer } = plan;
    const n = this.clients.length;
    const latencies: number[] = [];
    const certificates = new Set<string>();
    let proofs = 0;
    const startedAt = performance.now();
    const lane = async (client: Client, index: number, from: number): Promise<void> => {
      const store = new KeyValueClient(client);
      // Client i has the keys that are i modulo n, and takes them by turns in as many lanes as it has requests.
      for (let key = from; key < first + count; key += n * UNDER_WAY) {
        const sentAt = performance.now();
        const { reply } = await call(store, key);
        latencies.push((performance.now() - sentAt) * 1000);
        if (reply.proof !== null) {
          proofs += 1;
          certificates.add(`${reply.seq} ${reply.entry}`);
        }
        onAnswer?.(index, sentAt);
      }
    };
    const lanes = this.clients.flatMap((client, index) =>
      Array.from({ length: UNDER_WAY }, (_, each) => {
        return lane(client, index, first + ((index + shift) % n) + each * n);
      }),
    );
    await Promise.all(lanes);
    const millis = performance.now() - startedAt;
    return { ...driveOf(latencies, millis), proofs, certificates: certificates.size };
  }
}

function driveOf(latencies: readonly number[], millis: number): Omit<Drive, "proofs" | "certificates"> {
  const tally = new Tally();
  const latenciesMicros = Uint32Array.from(latencies);
  const commands = latencies.length;
  tally.add({ millis, commands, latenciesMicros, errors: new Map(), cpuMicros: 0 });
  return { commands, seconds: millis / 1000, latencyMs: tally.latencies() };
}

function keyName(key: number): string {
  return `demo-${key}`;
}

function textOf(key: number): string {
  return `value ${key}`;
}
