import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest, Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { homeOf } from "@destiny/core/replica/client-table";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import { AssignRequest } from "@destiny/core/wire/messages";
import { type Refusal, RefusalCode, type Reply, rootOfReply } from "@destiny/core/wire/reply";
import { Request } from "@destiny/core/wire/request";
import { assignStatement, requestStatement } from "@destiny/core/wire/statement";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { CLIENT_INSTANCE } from "../cluster/replica-host.ts";
import type { Party, World } from "../cluster/world.ts";
import { type Engine, Occurrence } from "../engine/engine.ts";
import type { Address } from "../network/latency.ts";

/** A request that was answered, or is not yet. */
export interface Submission {
  readonly timestamp: number;
  readonly operations: readonly Uint8Array[];
  readonly submittedAt: Micros;
  answeredAt: Micros | null;
  /** The outcomes, as the reply has them. */
  results: readonly Uint8Array[] | null;
  /** Believed because of one proof; else because enough replicas said so. */
  proven: boolean;
}

export interface ClientOptions {
  readonly world: World;
  readonly faults: FaultModel;
  readonly key: Digest;
  /** How long the client waits for an answer before it does more; doubles. Never, if null. */
  readonly retryMicros: Micros | null;
  /** Who is asked first, if not the coordinator that the key says. */
  readonly coordinator?: ReplicaId;
}

class Retry extends Occurrence {
  readonly #call: () => void;

  constructor(call: () => void) {
    super();
    this.#call = call;
  }

  happen(): void {
    this.#call();
  }
}

const DOUBLINGS_MAX = 4;
const HOPS_MAX = 3;

/**
 * A client of the simulated cluster: one request under way, the others wait. It asks its coordinator, then everybody, then
 * for another coordinator (DQBFT 3.2.6), and believes one proof or enough equal replies (linear-hybster.md 5).
 */
export class SimulatedClient implements Party {
  readonly key: Digest;
  readonly submissions: Submission[] = [];
  readonly refusals: Refusal[] = [];
  readonly #options: ClientOptions;
  readonly #engine: Engine;
  readonly #address: Address;
  readonly #sign: (statement: Uint8Array) => Uint8Array;
  readonly #plain = new Map<Digest, Set<ReplicaId>>();
  #coordinator: ReplicaId;
  #nonce = 0;
  #answered = 0;
  #request: Request | null = null;
  #attempts = 0;
  /** Hints followed for this request. */
  #hops = 0;
  /** Whom each replica says to serve nobody. */
  readonly #away = new Map<ReplicaId, readonly ReplicaId[]>();
  #retry: Retry | null = null;

  constructor(options: ClientOptions) {
    const { world, key, faults } = options;
    this.#options = options;
    this.key = key;
    this.#engine = world.engine;
    this.#sign = world.trust.clientSigner(key);
    this.#coordinator = options.coordinator ?? homeOf(key, faults.n);
    this.#address = world.join(this);
  }

  /** Requests not answered yet. */
  get outstanding(): number {
    return this.submissions.length - this.#answered;
  }

  get coordinator(): ReplicaId {
    return this.#coordinator;
  }

  submit(operations: readonly Uint8Array[]): Submission {
    const timestamp = this.submissions.length + 1;
    const open = { answeredAt: null, results: null, proven: false };
    const submission = { timestamp, operations, submittedAt: this.#engine.now, ...open };
    this.submissions.push(submission);
    if (this.#request === null) this.#next();
    return submission;
  }

  /** Wishes for another coordinator, and asks it from now on. */
  reassign(coordinator: ReplicaId): void {
    this.#nonce += 1;
    this.#coordinator = coordinator;
    const nonce = this.#nonce;
    const statement = assignStatement(this.#options.world.trust.preamble, coordinator, nonce);
    const fields = { client: this.key, coordinator, nonce, signature: this.#sign(statement) };
    // A replica notes what it finds in the object, so each gets its own.
    for (let to = 0; to < this.#options.faults.n; to += 1) {
      this.#send(to, { type: "assign", assign: new AssignRequest(fields) });
    }
  }

  /** Sends what is under way to a replica, whether that coordinates this client or not. */
  ask(replica: ReplicaId): void {
    if (this.#request !== null) this.#send(replica, { type: "submit", request: this.#request });
  }

  onReply(from: ReplicaId, reply: Reply): void {
    if (reply.type === "refusal") return this.#onRefusal(from, reply);
    const submission = this.submissions[this.#answered];
    if (submission === undefined || reply.timestamp !== submission.timestamp) return;
    if (reply.type === "proven" ? !this.#isProven(reply) : !this.#isEnough(from, reply)) return;
    submission.results = reply.results;
    submission.proven = reply.type === "proven";
    submission.answeredAt = this.#engine.now;
    this.#answered += 1;
    this.#request = null;
    if (this.#retry !== null) this.#engine.cancel(this.#retry);
    this.#next();
  }

  #next(): void {
    const submission = this.submissions[this.#answered];
    if (submission === undefined) return;
    const { preamble } = this.#options.world.trust;
    const { timestamp, operations } = submission;
    this.#request = Request.create({ client: this.key, timestamp, operations }, digestOf, (digest) =>
      this.#sign(requestStatement(preamble, digest)),
    );
    this.#plain.clear();
    this.#attempts = 0;
    this.#hops = 0;
    this.#away.clear();
    this.ask(this.#coordinator);
    this.#startRetry();
  }

  #startRetry(): void {
    const { retryMicros } = this.#options;
    if (retryMicros === null) return;
    const delay = retryMicros * 2 ** Math.min(this.#attempts, DOUBLINGS_MAX);
    this.#retry = new Retry(() => this.#climb());
    this.#engine.schedule(this.#engine.now + delay, this.#retry);
  }

  /** To all; from the third time on with the wish for the next coordinator. */
  #climb(): void {
    const { n } = this.#options.faults;
    this.#attempts += 1;
    if (this.#attempts > 2) this.reassign((this.#coordinator + 1) % n);
    for (let to = 0; to < n; to += 1) this.ask(to);
    this.#startRetry();
  }

  /** Who was taken for the coordinator says who is: believed a few times. */
  #onRefusal(from: ReplicaId, refusal: Refusal): void {
    const { code, coordinator, timestamp } = refusal;
    this.refusals.push(refusal);
    if (timestamp !== this.#request?.timestamp) return;
    if (code === RefusalCode.NoHome) return this.#onNoHome(from, refusal.away ?? []);
    if (code !== RefusalCode.NotCoordinator || from !== this.#coordinator || this.#hops >= HOPS_MAX) return;
    if (coordinator >= this.#options.faults.n) return;
    this.#hops += 1;
    this.#coordinator = coordinator;
    this.ask(coordinator);
  }

  /** A coordinator that enough replicas say is away is left for the next one that is not (dqbft.md H25). */
  #onNoHome(from: ReplicaId, away: readonly ReplicaId[]): void {
    const { n } = this.#options.faults;
    this.#away.set(from, away);
    if (!this.#isAway(this.#coordinator)) return;
    const ring = Array.from({ length: n - 1 }, (_, step) => (this.#coordinator + step + 1) % n);
    const next = ring.find((replica) => !this.#isAway(replica));
    if (next === undefined) return;
    this.reassign(next);
    for (let to = 0; to < n; to += 1) this.ask(to);
  }

  #isAway(replica: ReplicaId): boolean {
    const saying = [...this.#away.values()].filter((away) => away.includes(replica));
    return saying.length >= this.#options.faults.oneCorrect;
  }

  #isProven(reply: Reply & { type: "proven" }): boolean {
    const root = rootOfReply(reply, digestOf);
    if (root === null) return false;
    const { seq, entry, aggregate } = reply;
    const claim = { type: "execution", seq, entry, root } as const;
    return this.#options.world.trust.holds({ type: "certificate", claim, aggregate });
  }

  #isEnough(from: ReplicaId, reply: Reply & { type: "plain" }): boolean {
    const digest = digestOf(...reply.results, Uint8Array.of(reply.results.length));
    const voters = this.#plain.get(digest) ?? new Set();
    this.#plain.set(digest, voters.add(from));
    return voters.size >= this.#options.faults.oneCorrect;
  }

  #send(to: ReplicaId, message: ClientMessage): void {
    this.#options.world.network.send({
      from: this.#address,
      to,
      instance: CLIENT_INSTANCE,
      content: message,
    });
  }
}

/** The number of a client, from `first` up, that this replica coordinates unless it is assigned elsewhere. */
export function clientOf(world: World, home: ReplicaId, first: number): number {
  const n = world.hosts.length;
  let client = first;
  while (homeOf(world.trust.clientKey(client), n) !== home) client += 1;
  return client;
}
