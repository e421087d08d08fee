import type { Port } from "../effects/port.ts";
import type { Digest, ReplicaId } from "../kernel/ids.ts";
import { Misbehaviour } from "../kernel/misbehaviour.ts";
import type { Orderer } from "../ordering/orderer.ts";
import type { Parameters } from "../parameters.ts";
import { Forward } from "../wire/forward.ts";
import type { ExecProof } from "../wire/messages.ts";
import { type Refusal, RefusalCode, type Reply } from "../wire/reply.ts";
import type { Request } from "../wire/request.ts";
import type { ClientTable } from "./client-table.ts";
import type { ExecutionProofs } from "./execution-proofs.ts";
import type { Answered, Executor } from "./executor.ts";
import { Intake } from "./intake.ts";
import type { KeptReply } from "./kept-replies.ts";

/** Each peer may have forwarded this part of all that may wait, in one period. */
const FORWARDED_SHARE = 4;
/** What is handed over to a new primary at once: 8 MiB. The rest follows as its time runs. */
const HANDOVER_BYTES_MAX = 8_388_608;

export interface ClientDeskOptions {
  readonly self: ReplicaId;
  readonly orderer: Pick<Orderer, "soleCoordinator" | "away" | "executed" | "expect" | "served">;
  readonly port: Pick<Port, "send" | "report">;
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
  /** Bytes of requests that each peer has forwarded in this period. */
  readonly #forwardedBytes = new Map<ReplicaId, number>();

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
    if (this.#options.executor.isAdmission(request)) return this.#refuse(request, RefusalCode.NotAdmitted);
    const coordinator = this.coordinatorOf(client);
    const ours = coordinator === this.#options.self;
    const outcome = this.#intake.add(request, ours);
    if (outcome === "busy") return this.#refuse(request, RefusalCode.Busy);
    // Kept all the same: whoever coordinates the client has to propose it in time, and it may come to be us (dqbft.md 4.1, 8).
    if (!ours || outcome === "known") this.#options.orderer.expect(request, coordinator);
    if (this.#options.orderer.away.includes(coordinator)) this.#refuse(request, RefusalCode.NoHome);
    else if (!ours) this.#refuse(request, RefusalCode.NotCoordinator);
  }

  /** A peer passes on what its client may not have got to us. The client is not ours to answer. */
  onForward(from: ReplicaId, { request }: Forward): void {
    const { client, timestamp } = request;
    if (request.valid !== true) return this.#options.port.report(from, Misbehaviour.BadValue);
    const spent = (this.#forwardedBytes.get(from) ?? 0) + request.bytes.length;
    if (spent > this.#options.parameters.intakeBytesMax / FORWARDED_SHARE) return;
    this.#forwardedBytes.set(from, spent);
    if (this.#options.executor.isAdmission(request)) return this.#onAdmission(request);
    if (timestamp <= this.#options.clients.last(client) || !this.#coordinates(client)) return;
    if (this.#unadmitted(client) === null) this.#intake.add(request, true);
  }

  /** A replica asks to be admitted again: it is served by whoever may propose, for its own instance is mute. */
  #onAdmission(request: Request): void {
    const { orderer, clients, executor } = this.#options;
    const { client, timestamp } = request;
    if (timestamp <= clients.last(client) || !executor.wouldAdmit(request, orderer.executed + 1)) return;
    const ours = this.#mayPropose(request);
    if (this.#intake.add(request, ours) !== "busy" && !ours)
      orderer.expect(request, this.coordinatorOf(client));
  }

  /** Another period begins: what peers forward is counted anew. */
  renew(): void {
    this.#forwardedBytes.clear();
  }

  /** Requests for the next batch. */
  takeBatch(): readonly Request[] {
    const { clients } = this.#options;
    return this.#intake.take(
      (request) => request.timestamp > clients.last(request.client) && this.#mayPropose(request),
    );
  }

  onExecuted(answered: readonly Answered[]): void {
    for (const { client, timestamp } of answered) {
      this.#intake.settle(client, timestamp);
      this.#options.orderer.served(client, timestamp);
    }
  }

  /** A batch of ours has had its turn: what it did not execute has moved away, or found no room for its results. */
  onDelivered(requests: readonly Request[]): void {
    const { executor, orderer, self } = this.#options;
    const may = ({ client }: Request): boolean => this.#coordinates(client) && executor.admits(client);
    for (const request of this.#intake.giveBack(requests, may)) {
      const coordinator = this.coordinatorOf(request.client);
      if (coordinator === self) continue; // Not admitted any more.
      orderer.expect(request, coordinator);
      this.#forward(request);
    }
  }

  /** Half of the coordinator's time is over: perhaps it has not got what waits here. False if nothing does. */
  forward(client: Digest): boolean {
    const { clients } = this.#options;
    const waiting = this.#intake.of(client).filter(({ timestamp }) => timestamp > clients.last(client));
    const admission = waiting.some((request) => this.#options.executor.isAdmission(request));
    if (this.#unadmitted(client) !== null && !admission) return false;
    for (const request of waiting) this.#forward(request);
    return waiting.length > 0;
  }

  /** What we proposed and a view change dropped, or overwrote, is to be proposed again (dqbft.md 4.1). */
  onDropped(requests: readonly Request[]): void {
    const { clients } = this.#options;
    for (const { client } of requests) this.#intake.settle(client, clients.last(client));
    this.onDelivered(requests);
  }

  /** The primary has changed: whoever it is now has to propose all that waits. Perhaps only we have what we did not propose. */
  onMoved(): void {
    const { orderer, self } = this.#options;
    const { soleCoordinator } = orderer;
    if (soleCoordinator === null) return;
    if (soleCoordinator === self) return this.#intake.adoptParked();
    let room = HANDOVER_BYTES_MAX;
    for (const request of this.#intake.yield()) {
      room -= request.bytes.length;
      if (room >= 0) this.#forward(request);
    }
    for (const request of this.#intake.parked()) orderer.expect(request, soleCoordinator);
  }

  /** The table is another one, transferred: what executed elsewhere waits here no more. */
  onInstalled(): void {
    const { clients, orderer } = this.#options;
    this.#intake.settleAll((client) => {
      const last = clients.last(client);
      orderer.served(client, last);
      return last;
    });
  }

  onAssigned(client: Digest): void {
    if (this.#coordinates(client)) this.#intake.adopt(client);
    const newest = this.#intake.of(client).at(-1);
    if (newest !== undefined) this.#options.orderer.expect(newest, this.coordinatorOf(client));
  }

  /** Our own word to every client, where that is how they are answered (pbft.md 10.1). */
  onAnswered(answered: readonly Answered[]): void {
    for (const { client, reply } of answered) if (reply !== null) this.#options.reply(plain(client, reply));
  }

  /** A proof that we collected: one verifiable reply to each client (linear-hybster.md 5). */
  onProven(proof: ExecProof, answered: readonly Answered[]): void {
    for (const { client, timestamp, reply } of answered) {
      const kept = reply ?? this.#options.clients.reply(client, timestamp);
      if (kept !== undefined) this.#options.reply(proven(client, kept, proof));
    }
  }

  coordinatorOf(client: Digest): ReplicaId {
    return this.#options.orderer.soleCoordinator ?? this.#options.clients.coordinator(client);
  }

  #forward(request: Request): void {
    const coordinator = this.coordinatorOf(request.client);
    if (coordinator !== this.#options.self) this.#options.port.send(coordinator, new Forward(request));
  }

  #mayPropose(request: Request): boolean {
    const { executor, orderer } = this.#options;
    const anyone = orderer.soleCoordinator === null && executor.isAdmission(request);
    return anyone || this.#coordinates(request.client);
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
    reply(plain(request.client, kept));
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
      ...(code === RefusalCode.NoHome && { away: this.#options.orderer.away }),
    };
    this.#options.reply(refusal);
  }
}

function plain(client: Digest, { timestamp, seq, entry, results }: KeptReply): Reply {
  return { type: "plain", client, timestamp, seq, entry, results };
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
