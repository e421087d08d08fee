import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import { admissionOf } from "@destiny/core/wire/admission";
import { requestsOf } from "@destiny/core/wire/batch";
import type { Reply } from "@destiny/core/wire/reply";
import type { Request } from "@destiny/core/wire/request";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { Observer } from "../stage/observer.ts";
import type { LogEntry } from "./global-log.ts";
import type { Memberships, Wish } from "./memberships.ts";
import { MALFORMED, ModelStore } from "./model-store.ts";
import { demand } from "./violation.ts";

/** First byte of the operation that asks for an admission. */
const ADMIT = 2;
const ADMITTED = Uint8Array.of(0);

interface ModelClient {
  last: number;
  executed: number;
  coordinator: ReplicaId;
  nonce: number;
}

/** A request that the model executed. */
export interface ModelAnswer {
  /** How many requests were executed before it. */
  readonly position: number;
  readonly seq: number;
  readonly entry: number;
  readonly results: readonly Uint8Array[];
}

export interface SequentialModelOptions {
  readonly n: number;
  readonly faulty: ReadonlySet<ReplicaId>;
  readonly partitioned: () => boolean;
  /** Whether a client really made this request. */
  readonly isGenuine: (request: Request) => boolean;
  /** Whether a client really wished for this coordinator. */
  readonly isWished: (wish: { client: Digest; coordinator: ReplicaId; nonce: number }) => boolean;
  /** Who is admitted again; nobody if absent. */
  readonly members?: Memberships;
}

/**
 * One machine that executes the one log, restated from DQBFT 3.2.6 and dqbft.md 4.4. S4: no request twice; S6: none that
 * its client did not sign; S11: replies of correct replicas are its answers.
 */
export class SequentialModel implements Observer {
  readonly store: ModelStore = new ModelStore();
  readonly #options: SequentialModelOptions;
  readonly #clients = new Map<Digest, ModelClient>();
  readonly #answers = new Map<string, ModelAnswer>();

  constructor(options: SequentialModelOptions) {
    this.#options = options;
  }

  /** Requests executed. */
  get executed(): number {
    return this.#answers.size;
  }

  /** Requests executed for one client. */
  executedFor(client: Digest): number {
    return this.#clients.get(client)?.executed ?? 0;
  }

  answer(client: Digest, timestamp: number): ModelAnswer | undefined {
    return this.#answers.get(`${timestamp} ${client}`);
  }

  grow(entry: LogEntry): void {
    if (entry.type === "assign") return this.#assign(entry);
    for (const request of requestsOf(entry.value, digestOf)) this.#request(entry, request);
  }

  replied(replica: ReplicaId, reply: Reply): void {
    if (this.#options.faulty.has(replica) || reply.type === "refusal") return;
    const { client, timestamp, seq, entry, results } = reply;
    const answer = this.answer(client, timestamp);
    const who = (): string => `replica ${replica}'s reply to request ${timestamp} of a client`;
    demand(answer !== undefined, "S11 reply", () => `${who()}: that request has not executed`);
    demand(
      answer.seq === seq && answer.entry === entry,
      "S11 reply",
      () => `${who()} names slot ${seq}.${entry}, and it executed in ${answer.seq}.${answer.entry}`,
    );
    demand(
      sameResults(results, answer.results),
      "S11 reply",
      () => `${who()} has other results than one machine would give`,
    );
  }

  #assign(entry: LogEntry & { type: "assign" }): void {
    const client = this.#client(entry.client);
    demand(
      !entry.valid || this.#options.isWished(entry),
      "S6 client signature",
      () => `a client moves to coordinator ${entry.coordinator} (nonce ${entry.nonce}) and never wished so`,
    );
    if (!entry.valid || entry.coordinator >= this.#options.n || entry.nonce <= client.nonce) return;
    client.nonce = entry.nonce;
    client.coordinator = entry.coordinator;
  }

  #request({ seq, entry, coordinator }: LogEntry & { type: "batch" }, request: Request): void {
    if (request.valid !== true) return;
    const client = this.#client(request.client);
    const { timestamp } = request;
    if (timestamp <= client.last) return;
    const host = this.#options.members?.hostOf(request.client) ?? null;
    const wish = host === null ? null : readWish(request);
    // Any coordinator may propose an admission.
    if (wish === null && this.#options.partitioned() && client.coordinator !== coordinator) return;
    demand(
      this.#options.isGenuine(request),
      "S6 client signature",
      () => `slot ${seq}.${entry} executes request ${timestamp} that its client never signed`,
    );
    client.last = timestamp;
    client.executed += 1;
    const results =
      host !== null && wish !== null
        ? [this.#options.members?.execute(host, wish, seq) === true ? ADMITTED : MALFORMED]
        : request.operations.map((operation) => this.store.execute(operation));
    const position = this.#answers.size;
    this.#answers.set(`${timestamp} ${request.client}`, { position, seq, entry, results });
  }

  #client(key: Digest): ModelClient {
    const found = this.#clients.get(key);
    if (found !== undefined) return found;
    // Bytes 29 and 30 of the key choose the home.
    const home = (key.charCodeAt(29) * 256 + key.charCodeAt(30)) % this.#options.n;
    const client = { last: 0, executed: 0, coordinator: home, nonce: 0 };
    this.#clients.set(key, client);
    return client;
  }
}

/** An admission, read by hand: whose, of which epoch before and which now (hybster.md 10.1). Null if it is another request. */
function readWish(request: Request): Wish | null {
  const [operation] = request.operations;
  const admission = admissionOf(request);
  if (admission === null || operation?.[0] !== ADMIT) return null;
  const at = new DataView(operation.buffer, operation.byteOffset, operation.length);
  const u48 = (offset: number): number =>
    at.getUint32(offset, true) + at.getUint16(offset + 4, true) * 0x1_0000_0000;
  const valid = admission.valid === true;
  return { replica: at.getUint16(1, true), predecessor: u48(3), epoch: u48(9), valid };
}

/** Whether two lists of results are the same bytes. */
export function sameResults(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return (
    a.length === b.length && a.every((result, i) => Buffer.compare(result, b[i] ?? new Uint8Array(0)) === 0)
  );
}
