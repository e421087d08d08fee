import type { Digest, ReplicaId } from "../kernel/ids.ts";
import type { Parameters } from "../parameters.ts";
import type { ExecProof } from "../wire/messages.ts";
import { type Refusal, RefusalCode, type Reply } from "../wire/reply.ts";
import type { Request } from "../wire/request.ts";
import type { ClientTable, KeptReply } from "./client-table.ts";
import type { ExecutionProofs } from "./execution-proofs.ts";
import type { Answered, Executor } from "./executor.ts";
import { Intake } from "./intake.ts";

export interface ClientDeskOptions {
  readonly self: ReplicaId;
  /** Who coordinates all clients now; null if each has its own coordinator. */
  readonly soleCoordinator: () => ReplicaId | null;
  readonly parameters: Parameters;
  readonly clients: ClientTable;
  readonly executor: Executor;
  readonly proofs: ExecutionProofs;
  readonly reply: (reply: Reply) => void;
}

/** Where clients' requests come in and answers go out (DQBFT 3.2.6; dqbft.md 4.1). */
export class ClientDesk {
  readonly #options: ClientDeskOptions;
  readonly #intake: Intake;

  constructor(options: ClientDeskOptions) {
    this.#options = options;
    const { pipeline, intakeBytesMax, batchBytes } = options.parameters;
    this.#intake = new Intake({ pipeline, bytesMax: intakeBytesMax, batchBytes });
  }

  get hasFullBatch(): boolean {
    return this.#intake.full;
  }

  /** Requests that could be proposed now. */
  get queuedRequests(): number {
    return this.#intake.queuedRequests;
  }

  get queuedBytes(): number {
    return this.#intake.queuedBytes;
  }

  submit(request: Request): void {
    const { client, timestamp } = request;
    if (request.valid !== true) return this.#refuse(request, RefusalCode.BadSignature);
    if (timestamp <= this.#options.clients.last(client)) return this.#answerAgain(request);
    const unadmitted = this.#unadmitted(client);
    if (unadmitted !== null) return this.#refuse(request, unadmitted);
    const ours = this.#coordinates(client);
    if (this.#intake.add(request, ours) === "busy") return this.#refuse(request, RefusalCode.Busy);
    // Kept all the same: if the client is assigned to us, it counts (dqbft.md 4.1).
    if (!ours) this.#refuse(request, RefusalCode.NotCoordinator);
  }

  /** Requests for the next batch. */
  takeBatch(): readonly Request[] {
    const { clients } = this.#options;
    return this.#intake.take(
      ({ client, timestamp }) => timestamp > clients.last(client) && this.#coordinates(client),
    );
  }

  onExecuted(answered: readonly Answered[]): void {
    for (const { client, timestamp } of answered) this.#intake.settle(client, timestamp);
  }

  /** A batch of ours has had its turn: what it did not execute has moved away, or found no room for its results. */
  onDelivered(requests: readonly Request[]): void {
    const { executor } = this.#options;
    this.#intake.giveBack(requests, ({ client }) => this.#coordinates(client) && executor.admits(client));
  }

  /** Half of the coordinator's time is over: perhaps it has not got what waits here. */
  forward(_client: Digest): void {}

  /** What we proposed and a view change dropped, or overwrote, is to be proposed again (dqbft.md 4.1). */
  onDropped(requests: readonly Request[]): void {
    this.onDelivered(requests);
  }

  /** Who coordinates clients may have changed. */
  onMoved(): void {}

  onAssigned(client: Digest): void {
    if (this.#coordinates(client)) this.#intake.adopt(client);
  }

  /** A proof that we collected: one verifiable reply to each client (linear-hybster.md 5). */
  onProven(proof: ExecProof, answered: readonly Answered[]): void {
    for (const { client, timestamp, reply } of answered) {
      const kept = reply ?? this.#options.clients.reply(client, timestamp);
      if (kept !== undefined) this.#options.reply(proven(client, kept, proof));
    }
  }

  coordinatorOf(client: Digest): ReplicaId {
    return this.#options.soleCoordinator() ?? this.#options.clients.coordinator(client);
  }

  #coordinates(client: Digest): boolean {
    return this.coordinatorOf(client) === this.#options.self;
  }

  #unadmitted(client: Digest): RefusalCode | null {
    const { executor } = this.#options;
    if (executor.admits(client)) return null;
    return executor.anyone ? RefusalCode.TooManyClients : RefusalCode.NotAdmitted;
  }

  /** Executed before: the answer from the table, with its proof if that is here, and as our word. */
  #answerAgain(request: Request): void {
    const { clients, proofs, reply } = this.#options;
    const kept = clients.reply(request.client, request.timestamp);
    if (kept === undefined) return this.#refuse(request, this.#fateOf(request));
    if (kept.request !== request.digest) return this.#refuse(request, RefusalCode.TimestampUsed);
    const proof = proofs.proof(kept.seq, kept.entry);
    if (proof !== null) reply(proven(request.client, kept, proof));
    // A peer may have sent us that proof, and nobody has checked it: f + 1 plain replies do as well.
    const { timestamp, seq, entry, results } = kept;
    reply({ type: "plain", client: request.client, timestamp, seq, entry, results });
  }

  /** Only what certainly never executed may be called superseded: its client will send it again as a new request. */
  #fateOf({ client, timestamp }: Request): RefusalCode {
    const forgotten = this.#options.clients.hasForgotten(client, timestamp);
    return forgotten ? RefusalCode.TimestampUsed : RefusalCode.Superseded;
  }

  #refuse(request: Request, code: RefusalCode): void {
    const { client, timestamp } = request;
    const refusal: Refusal = {
      type: "refusal",
      client,
      timestamp,
      code,
      coordinator: this.coordinatorOf(client),
    };
    this.#options.reply(refusal);
  }
}

function proven(client: Digest, kept: KeptReply, proof: ExecProof): Reply {
  const { timestamp, seq, entry, index, count, path, results } = kept;
  return {
    type: "proven",
    client,
    timestamp,
    seq,
    entry,
    index,
    count,
    path,
    results,
    aggregate: proof.aggregate,
  };
}
