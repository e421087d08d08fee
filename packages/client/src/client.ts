import { randomBytes } from "node:crypto";
import type { Digest, Micros, ReplicaId } from "@destiny/core/kernel/ids";
import type { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import { homeOf } from "@destiny/core/replica/client-table";
import { encodeClientMessage } from "@destiny/core/wire/client-protocol";
import { openEd25519 } from "@destiny/crypto/signatures/ed25519";
import type { ClusterDescription } from "./cluster-description.ts";
import {
  type ConnectOptions,
  checkMillis,
  type FullOptions,
  type SubmitOptions,
  withDefaults,
} from "./connect-options.ts";
import { ConnectError } from "./errors.ts";
import { type Link, LinkPool } from "./link-pool.ts";
import { openProofVerifier } from "./open-proof-verifier.ts";
import type { ProofVerifier } from "./proof-verifier.ts";
import type { LinkEvents } from "./replica-link.ts";
import { RequestSigner } from "./request-signer.ts";
import { Session } from "./session.ts";
import type { ProofJob, SessionPort, Settlement } from "./session-port.ts";
import { Submission } from "./submission.ts";
import { Timestamps } from "./timestamps.ts";
import type { VerifiedReply } from "./verified-reply.ts";

const SEED_BYTES = 32;

/** A submission's promise. */
interface Pending {
  readonly resolve: (reply: VerifiedReply) => void;
  readonly reject: (error: unknown) => void;
  readonly release: () => void;
}

/** What {@link connect} made for a client. */
interface ClientParts {
  readonly cluster: ClusterDescription;
  readonly options: FullOptions;
  readonly signer: RequestSigner;
  readonly proofs: ProofVerifier | null;
  readonly pool: LinkPool;
  /** Ends what was opened for this client alone. */
  readonly release: () => Promise<void>;
}

/**
 * Connects to a cluster. Rejects with {@link ConnectError} if no replica of it answers in time, with `RangeError` for
 * options out of range, with `ConfigurationError` if the cluster's keys are none.
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const { cluster } = options;
  const full = withDefaults(options);
  const seed = options.seed ?? randomBytes(SEED_BYTES);
  if (seed.length !== SEED_BYTES)
    throw new RangeError(`a client's seed has ${SEED_BYTES} bytes, not ${seed.length}`);
  const signer = new RequestSigner(cluster, openEd25519().keyFromSeed(seed), new Timestamps());
  const opened =
    options.proofs === undefined
      ? await openProofVerifier(cluster, options.log)
      : { proofs: options.proofs, close: async () => undefined };
  const pool = options.links ?? new LinkPool(cluster);
  const shared = { cluster, pool, proofs: opened.proofs, release: opened.close };
  const client = new Client({ ...shared, options: full, signer });
  try {
    await client.reached();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/**
 * A client of a cluster, made by {@link connect}. What it submits executes once at most, in the order of submission
 * unless replicas are faulty, and every promise it gives settles by its deadline.
 */
export class Client {
  /** The client's public key: its name in requests, replies and genesis. */
  readonly id: Digest;
  readonly #parts: ClientParts;
  readonly #session: Session;
  readonly #hello: Uint8Array;
  readonly #links = new Map<ReplicaId, Link>();
  readonly #pending = new Map<number, Pending>();
  readonly #misbehaviour = new Map<ReplicaId, number>();
  readonly #troubles = new Map<ReplicaId, string>();
  #tickets = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAt: Micros = Number.POSITIVE_INFINITY;
  #onReached: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** For {@link connect}. */
  constructor(parts: ClientParts) {
    const { cluster, options, signer } = parts;
    this.id = signer.client;
    this.#parts = parts;
    this.#hello = encodeClientMessage({ type: "hello", cluster: cluster.cluster, client: signer.client });
    const session = {
      faults: cluster.faults,
      plainReplies: cluster.replyScheme.kind === "plain",
      firstReplica: homeOf(signer.client, cluster.faults.n),
      pipeline: options.pipeline,
      queueMax: options.queueMax,
      retryMicros: options.retryMillis * 1000,
      retryMaxMicros: options.retryMaxMillis * 1000,
    };
    this.#session = new Session(session, signer, this.#port());
  }

  /** Whom this client takes for its coordinator. */
  get coordinator(): ReplicaId | null {
    return this.#session.coordinator;
  }

  /** How often each replica sent what no correct one sends. */
  get misbehaviour(): ReadonlyMap<ReplicaId, number> {
    return this.#misbehaviour;
  }

  /**
   * Has operations executed: one, or several that one signature covers, that execute one after the other and share the
   * fate of their request. They are what the executor takes (`encodeOperation`); do not change the bytes before the
   * promise settles. Rejects with an error of `errors.ts` or the signal's reason.
   */
  submit(
    operations: Uint8Array | readonly Uint8Array[],
    options: SubmitOptions = {},
  ): Promise<VerifiedReply> {
    const { signal, deadlineMillis = this.#parts.options.deadlineMillis } = options;
    return new Promise((resolve, reject) => {
      const deadline = now() + checkMillis("deadlineMillis", deadlineMillis) * 1000;
      signal?.throwIfAborted();
      this.#tickets += 1;
      const ticket = this.#tickets;
      const abort = (): void => this.#session.cancel(ticket, signal?.reason, now());
      signal?.addEventListener("abort", abort, { once: true });
      const release = (): void => signal?.removeEventListener("abort", abort);
      this.#pending.set(ticket, { resolve, reject, release });
      const list = operations instanceof Uint8Array ? [operations] : operations;
      this.#session.submit(new Submission(ticket, list, deadline), now());
    });
  }

  /** Rejects all that has not settled with {@link ClosedError}, and ends all connections. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Opens the first links, and waits until there are enough to get an answer. For {@link connect}. */
  reached(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { connectMillis } = this.#parts.options;
      const timer = setTimeout(() => reject(new ConnectError(this.#unreachable())), connectMillis);
      this.#onReached = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#session.start(now());
    });
  }

  async #close(): Promise<void> {
    this.#session.close();
    clearTimeout(this.#timer);
    for (const link of this.#links.values()) link.close();
    await this.#parts.release();
  }

  #port(): SessionPort {
    return {
      dial: (replica) => this.#dial(replica),
      send: (replica, message) => this.#links.get(replica)?.send(message),
      verify: (job) => void this.#verify(job),
      settle: (ticket, settlement) => this.#settle(ticket, settlement),
      wake: (at) => this.#wake(at),
      report: (replica, misbehaviour) => this.#report(replica, misbehaviour),
    };
  }

  #dial(replica: ReplicaId): void {
    const user = { client: this.id, hello: this.#hello, events: this.#events() };
    const link = this.#parts.pool.open(replica, user);
    if (link !== null) this.#links.set(replica, link);
  }

  #events(): LinkEvents {
    return {
      up: (replica, coordinator) => {
        this.#troubles.delete(replica);
        this.#session.linkUp(replica, coordinator, now());
        this.#checkReached();
      },
      down: (replica, reason) => {
        this.#troubles.set(replica, reason.message);
        this.#session.linkDown(replica, now());
      },
      message: (replica, reply) => this.#session.receive(replica, reply, now()),
    };
  }

  /** One link is enough where one reply is. */
  #checkReached(): void {
    const { replyScheme, faults } = this.#parts.cluster;
    const needed = replyScheme.kind === "plain" ? faults.quorum : 1;
    let up = 0;
    for (const link of this.#links.values()) if (link.up) up += 1;
    if (up >= needed) this.#onReached?.();
  }

  #unreachable(): string {
    const reasons = [...this.#troubles].map(([replica, reason]) => `replica ${replica}: ${reason}`);
    return ["the cluster could not be reached in time", ...reasons].join("; ");
  }

  async #verify(job: ProofJob): Promise<void> {
    const { reply, root } = job;
    try {
      const aggregate = (await this.#parts.proofs?.prove(reply, root, reply.aggregate)) ?? null;
      this.#session.verified(job, aggregate, now());
    } catch {
      // The verifier is gone, as when it was closed before us. Not the replica's fault; deadlines still hold.
    }
  }

  #settle(ticket: number, settlement: Settlement): void {
    const pending = this.#pending.get(ticket);
    if (pending === undefined) return;
    this.#pending.delete(ticket);
    pending.release();
    if (settlement.ok) pending.resolve(settlement.reply);
    else pending.reject(settlement.error);
  }

  /** A timer that fires early does no harm, so one that is due by then will do. */
  #wake(at: Micros): void {
    if (this.#timerAt <= at) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const millis = Math.max(0, Math.ceil((at - now()) / 1000));
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#session.tick(now());
    }, millis);
  }

  #report(replica: ReplicaId, _misbehaviour: Misbehaviour): void {
    this.#misbehaviour.set(replica, (this.#misbehaviour.get(replica) ?? 0) + 1);
  }
}

function now(): Micros {
  return performance.now() * 1000;
}
