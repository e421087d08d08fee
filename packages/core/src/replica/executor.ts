import type { Digest, ReplicaId, SequenceNumber } from "../kernel/ids.ts";
import { invariant } from "../kernel/invariant.ts";
import type { Delivery } from "../ordering/orderer.ts";
import { OperationKind } from "../service/operation.ts";
import { MalformedOperation, type Service } from "../service/service.ts";
import { admissionOf } from "../wire/admission.ts";
import { requestsOf } from "../wire/batch.ts";
import { LIMITS } from "../wire/limits.ts";
import { MerkleTree } from "../wire/merkle.ts";
import type { AssignRequest } from "../wire/messages.ts";
import { encodeOutcome, type Outcome, OutcomeCode, requestLeaf, sameBytes } from "../wire/reply.ts";
import type { Request } from "../wire/request.ts";
import type { Hash } from "../wire/value.ts";
import type { ClientTable } from "./client-table.ts";
import type { KeptReply } from "./kept-replies.ts";
import type { Membership } from "./membership.ts";

/** Who may submit. The genesis says so. */
export type Admission =
  | { readonly type: "anyone"; readonly clientsMax: number }
  | { readonly type: "list"; readonly clients: ReadonlySet<Digest> };

/**
 * How clients are answered: by one replica, with a proof that enough others agree (linear-hybster.md 5); or by every replica with
 * its own word, of which they believe the `oneCorrect`-th equal one (pbft.md 10.1).
 */
export type ReplyStyle = "proven" | "plain";

export interface ExecutorOptions {
  readonly self: ReplicaId;
  readonly n: number;
  /** Commands count only when their client's coordinator proposed them. */
  readonly partitioned: boolean;
  readonly admission: Admission;
  readonly replies: ReplyStyle;
  readonly hash: Hash;
  readonly service: Service;
  readonly clients: ClientTable;
  readonly members: Membership;
}

const SHORT_BYTES = 64;

/** An executed request, for the reply. */
export interface Answered {
  readonly client: Digest;
  readonly timestamp: number;
  /** For who answers: the table may have forgotten it by then. Null if others do. */
  readonly reply: KeptReply | null;
}

/** What executing one entry came to. */
export interface Execution {
  readonly root: Digest;
  readonly answered: readonly Answered[];
}

/** Applies ordered entries to the service. Every skip is a function of decided bytes and of the state (dqbft.md 4.4). */
export class Executor {
  readonly #options: ExecutorOptions;
  /** Commands executed since the start, for people. */
  #commands = 0;

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  get commands(): number {
    return this.#commands;
  }

  /** Whether anyone may submit, as long as the client table has room. */
  get anyone(): boolean {
    return this.#options.admission.type === "anyone";
  }

  /** Null if nothing in the entry had an effect: then there is nothing to prove. */
  execute(delivery: Delivery): Execution | null {
    const { self, hash, clients, replies } = this.#options;
    const answers = replies === "plain" || delivery.coordinator === self;
    const executed: { readonly request: Request; readonly results: readonly Uint8Array[] }[] = [];
    const requests = requestsOf(delivery.value, hash);
    // Nothing comes before the only one.
    const within = requests.length > 1 ? new Map<Digest, number>() : null;
    let bytes = 0;
    for (const request of requests) {
      if (bytes >= LIMITS.entryResultsBytesMax) break; // What had no turn can be ordered again: small requests, large results.
      const last = within?.get(request.client) ?? clients.last(request.client);
      if (request.timestamp <= last || !this.#isEffective(request, delivery.coordinator)) continue;
      within?.set(request.client, request.timestamp);
      const results = this.#results(request, delivery.seq);
      for (const result of results) bytes += result.length;
      executed.push({ request, results });
      this.#commands += request.operations.length;
    }
    if (executed.length === 0) return null;
    const tree = new MerkleTree(
      executed.map(({ request, results }) => leafOf(request, results, hash)),
      hash,
    );
    const answered = executed.map(({ request, results }, index): Answered => {
      const { client, timestamp, digest } = request;
      const { seq, entry } = delivery;
      const reply: KeptReply = {
        timestamp,
        request: digest,
        seq,
        entry,
        index,
        count: executed.length,
        path: tree.path(index),
        // The same few bytes, if they are remembered: there is an answer for every client and request.
        results: request.outcome?.results ?? results,
      };
      clients.record(client, reply);
      return { client, timestamp, reply: answers ? reply : null };
    });
    return { root: tree.root, answered };
  }

  /** Whether it asks to be admitted again in a replica's own name: then neither clients' limits nor coordinators matter. */
  isAdmission(request: Request): boolean {
    return admissionOf(request) !== null && this.#options.members.hostOf(request.client) !== null;
  }

  /** Whether it would be executed with effect at this slot, as the state stands. */
  wouldAdmit(request: Request, seq: SequenceNumber): boolean {
    const admission = admissionOf(request);
    return admission !== null && this.#options.members.admits(admission, request.client, seq);
  }

  /** Returns whether the client moved. */
  assign(request: AssignRequest): boolean {
    const { n, clients } = this.#options;
    invariant(
      request.valid !== null,
      "the edge has looked at every signature before a value is decided here",
    );
    if (request.valid !== true || request.coordinator >= n || !this.admits(request.client)) return false;
    return clients.assign(request.client, request.coordinator, request.nonce);
  }

  /** Whether the client may submit, as the state stands. */
  admits(client: Digest): boolean {
    const { admission, clients } = this.#options;
    if (admission.type === "list") return admission.clients.has(client);
    return clients.has(client) || clients.size < admission.clientsMax;
  }

  #isEffective(request: Request, coordinator: ReplicaId): boolean {
    const { partitioned, clients } = this.#options;
    invariant(
      request.valid !== null,
      "the edge has looked at every signature before a value is decided here",
    );
    if (request.valid !== true) return false;
    if (this.isAdmission(request)) return true;
    if (!this.admits(request.client)) return false;
    return !partitioned || clients.coordinator(request.client) === coordinator;
  }

  #results(request: Request, seq: SequenceNumber): Uint8Array[] {
    const admission = admissionOf(request);
    if (admission === null || !this.isAdmission(request)) return this.#applyAll(request.operations);
    invariant(
      admission.valid !== null,
      "the edge has looked at every admission before a value is decided here",
    );
    const { members } = this.#options;
    const admitted = members.admit(admission, request.client, seq);
    const result = new Uint8Array(0);
    return [encodeOutcome(admitted ? { ok: true, result } : { ok: false, code: OutcomeCode.Malformed })];
  }

  /** One request's results fit into one reply: what comes after they have filled it has none. */
  #applyAll(operations: readonly Uint8Array[]): Uint8Array[] {
    let room: number = LIMITS.requestResultsBytesMax;
    return operations.map((operation) => {
      const outcome = this.#outcome(operation);
      const bytes = encodeOutcome(
        outcome.ok && outcome.result.length > room
          ? { ok: false, code: OutcomeCode.ResultTooLarge }
          : outcome,
      );
      room -= bytes.length;
      return bytes;
    });
  }

  /** A service that throws must not stop the replica; the code says no more than every replica knows. */
  #outcome(operation: Uint8Array): Outcome {
    const { service } = this.#options;
    const body = operation.subarray(1);
    let result: Uint8Array;
    try {
      if (operation[0] === OperationKind.Command) result = service.apply(body);
      else if (operation[0] === OperationKind.Query) result = service.query(body);
      else return { ok: false, code: OutcomeCode.Malformed };
    } catch (error) {
      const malformed = error instanceof MalformedOperation;
      return { ok: false, code: malformed ? OutcomeCode.Malformed : OutcomeCode.ServiceFailed };
    }
    if (result.length > LIMITS.resultBytesMax) return { ok: false, code: OutcomeCode.ResultTooLarge };
    return { ok: true, result };
  }
}

/** Where replicas share a request, and it came to the same few bytes, one of them hashes for all. */
function leafOf(request: Request, results: readonly Uint8Array[], hash: Hash): Digest {
  const { outcome } = request;
  if (outcome !== null && sameResults(outcome.results, results)) return outcome.leaf;
  const leaf = requestLeaf(request, results, hash);
  // Only what is so short that remembering it costs nothing.
  const short = results.length === 1 && (results[0]?.length ?? 0) <= SHORT_BYTES;
  request.outcome = short ? { results, leaf } : null;
  return leaf;
}

function sameResults(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((result, index) => sameBytes(result, b[index] as Uint8Array));
}
