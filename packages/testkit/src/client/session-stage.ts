import { RequestSigner } from "@destiny/client/request-signer";
import { Session } from "@destiny/client/session";
import type { SessionOptions } from "@destiny/client/session-options";
import type { ProofJob, SessionPort, Settlement } from "@destiny/client/session-port";
import { Submission } from "@destiny/client/submission";
import { Timestamps } from "@destiny/client/timestamps";
import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import type { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import { type ClientMessage, decodeClientMessage } from "@destiny/core/wire/client-protocol";
import type { AssignRequest } from "@destiny/core/wire/messages";
import type { Reply } from "@destiny/core/wire/reply";
import type { Request } from "@destiny/core/wire/request";
import { executionStatement } from "@destiny/core/wire/statement";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { openEd25519 } from "@destiny/crypto/signatures/ed25519";
import { ScriptedCluster } from "./scripted-cluster.ts";

/** A message that a session sent. */
export interface Sent {
  readonly to: ReplicaId;
  readonly message: ClientMessage;
}

const SEED = new Uint8Array(32).fill(7);
const MILLI: Micros = 1000;

/** A client's session with everything around it played by the test: links, time, replicas. */
export class SessionStage {
  readonly cluster: ScriptedCluster;
  readonly session: Session;
  readonly dialled: ReplicaId[] = [];
  /** What was sent since {@link takeSent}. */
  sent: Sent[] = [];
  readonly settled: Map<number, Settlement[]> = new Map();
  readonly reports: { replica: ReplicaId; misbehaviour: Misbehaviour }[] = [];
  readonly client: string;
  now: Micros = 1_000_000;
  #wakeAt: Micros = Number.POSITIVE_INFINITY;
  #jobs: ProofJob[] = [];
  #tickets = 0;

  constructor(n: number, options: Partial<SessionOptions> = {}, wallMillis: () => number = () => 1000) {
    this.cluster = new ScriptedCluster(n);
    const key = openEd25519().keyFromSeed(SEED);
    const signer = new RequestSigner(this.cluster.preamble, key, new Timestamps(wallMillis));
    this.client = signer.client;
    const full = {
      faults: this.cluster.faults,
      plainReplies: false,
      firstReplica: 0,
      pipeline: 8,
      queueMax: 4,
      retryMicros: 1000 * MILLI,
      retryMaxMicros: 8000 * MILLI,
    };
    this.session = new Session({ ...full, ...options }, signer, this.#port());
  }

  /** Starts, with links to all and the given coordinator. */
  begin(coordinator: ReplicaId = 0): void {
    this.session.start(this.now);
    for (let replica = 0; replica < this.cluster.n; replica += 1) this.up(replica, coordinator);
    this.takeSent();
  }

  up(replica: ReplicaId, coordinator: ReplicaId): void {
    this.session.linkUp(replica, coordinator, this.now);
  }

  down(replica: ReplicaId): void {
    this.session.linkDown(replica, this.now);
  }

  /** Submits one operation of one byte, with a deadline in milliseconds from now. */
  submit(operation: number, deadlineMillis = 600_000): number {
    return this.submitAll([Uint8Array.of(operation)], deadlineMillis);
  }

  submitAll(operations: readonly Uint8Array[], deadlineMillis = 600_000): number {
    this.#tickets += 1;
    const deadline = this.now + deadlineMillis * MILLI;
    this.session.submit(new Submission(this.#tickets, operations, deadline), this.now);
    return this.#tickets;
  }

  /** A reply comes, and its proof is looked at at once. */
  reply(replica: ReplicaId, reply: Reply): void {
    this.session.receive(replica, reply, this.now);
    this.prove();
  }

  /** Answers all that wait for a proof to be looked at. */
  prove(): void {
    const jobs = this.#jobs;
    this.#jobs = [];
    for (const job of jobs) {
      const statement = executionStatement(this.cluster.preamble, job.reply, job.root);
      const holds = this.cluster.scheme.verifySync(statement, job.reply.aggregate);
      this.session.verified(job, holds ? job.reply.aggregate : null, this.now);
    }
  }

  /** Lets time pass, waking the session whenever it asked for. */
  pass(millis: number): void {
    const end = this.now + millis * MILLI;
    while (this.#wakeAt <= end) {
      this.now = Math.max(this.now, this.#wakeAt);
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.session.tick(this.now);
    }
    this.now = end;
  }

  /** What was sent since the last call. */
  takeSent(): Sent[] {
    const { sent } = this;
    this.sent = [];
    return sent;
  }

  /** The requests sent since the last call, with their receivers. */
  takeRequests(): { to: ReplicaId; request: Request }[] {
    return this.takeSent().flatMap(({ to, message }) =>
      message.type === "submit" ? [{ to, request: message.request }] : [],
    );
  }

  /** The wishes for a coordinator among some messages. */
  wishesIn(sent: readonly Sent[]): { to: ReplicaId; assign: AssignRequest }[] {
    return sent.flatMap(({ to, message }) =>
      message.type === "assign" ? [{ to, assign: message.assign }] : [],
    );
  }

  /** The last request sent. Throws if none was. */
  takeRequest(): Request {
    const last = this.takeRequests().at(-1);
    if (last === undefined) throw new Error("no request was sent");
    return last.request;
  }

  /** How a submission ended; undefined while it has not. */
  outcome(ticket: number): Settlement | undefined {
    return this.settled.get(ticket)?.[0];
  }

  /** What a submission failed with; undefined unless it failed. */
  error(ticket: number): unknown {
    const outcome = this.outcome(ticket);
    return outcome?.ok === false ? outcome.error : undefined;
  }

  #port(): SessionPort {
    return {
      dial: (replica) => void this.dialled.push(replica),
      send: (to, bytes) => void this.sent.push({ to, message: decodeClientMessage(bytes, digestOf) }),
      verify: (job) => void this.#jobs.push(job),
      settle: (ticket, settlement) =>
        void this.settled.set(ticket, [...(this.settled.get(ticket) ?? []), settlement]),
      wake: (at) => {
        this.#wakeAt = at;
      },
      report: (replica, misbehaviour) => void this.reports.push({ replica, misbehaviour }),
    };
  }
}
