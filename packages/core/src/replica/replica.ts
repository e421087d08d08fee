import type { Effect, Job, JobResult, LogRecord } from "../effects/effects.ts";
import { Jobs } from "../effects/jobs.ts";
import { Pacer } from "../effects/pacer.ts";
import { type Outbox, Port } from "../effects/port.ts";
import type { FaultModel } from "../kernel/fault-model.ts";
import {
  type Digest,
  type InstanceId,
  type ReplicaId,
  ROOT,
  type SequenceNumber,
  type TimerId,
} from "../kernel/ids.ts";
import { Misbehaviour } from "../kernel/misbehaviour.ts";
import type { Delivery, InstanceStatus, Orderer, OrderingProtocol, Sequel } from "../ordering/orderer.ts";
import type { Parameters } from "../parameters.ts";
import type { Service } from "../service/service.ts";
import { Anchor } from "../wire/anchor.ts";
import { encodeBatch, requestsOf } from "../wire/batch.ts";
import type { Check } from "../wire/check.ts";
import type { AssignRequest, Message } from "../wire/messages.ts";
import type { Request } from "../wire/request.ts";
import type { Hash } from "../wire/value.ts";
import { Anchors } from "./anchors.ts";
import { Checkpoints } from "./checkpoints.ts";
import { ClientDesk } from "./client-desk.ts";
import { ClientTable } from "./client-table.ts";
import { ExecutionProofs } from "./execution-proofs.ts";
import { type Admission, Executor } from "./executor.ts";
import { ReplicatedState } from "./replicated-state.ts";
import { dispatchRoot, rootChecks } from "./root-messages.ts";
import { StatusExchange } from "./status-exchange.ts";

/** The one timer that never rests: a replica at rest still tells its peers how far it is. */
export const STATUS_TIMER: TimerId = 1;
const HELP_TIMER: TimerId = 2;
const BATCH_TIMER: TimerId = 3;

export interface ReplicaOptions {
  readonly self: ReplicaId;
  readonly faults: FaultModel;
  readonly ordering: OrderingProtocol;
  readonly parameters: Parameters;
  readonly admission: Admission;
  readonly service: Service;
  readonly hash: Hash;
  readonly outbox: Outbox;
}

/** A state to restart from: what a {@link Effect} of type `save-checkpoint` once saved. */
export interface RestoredCheckpoint {
  readonly seq: SequenceNumber;
  readonly pages: readonly Uint8Array[];
}

/** How a replica is, for people and metrics. */
export interface ReplicaStatus {
  readonly executed: SequenceNumber;
  /** Commands executed since the start. */
  readonly commands: number;
  readonly stable: SequenceNumber;
  /** Newest checkpoint taken here: its slot and the digest of the replicated state after it. */
  readonly checkpoint: { readonly seq: SequenceNumber; readonly root: Digest | null };
  readonly clients: number;
  readonly queuedBytes: number;
  /** Highest slot of the global order that any peer has spoken of, less ours. */
  readonly lag: number;
  readonly instances: readonly InstanceStatus[];
}

/** One replica, pure: events in by methods, effects out by the outbox. One event at a time. */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #port: Port;
  readonly #orderer: Orderer;
  readonly #jobs: Jobs;
  readonly #clients: ClientTable;
  readonly #state: ReplicatedState;
  readonly #executor: Executor;
  readonly #proofs: ExecutionProofs;
  readonly #checkpoints: Checkpoints;
  readonly #desk: ClientDesk;
  readonly #status: StatusExchange;
  readonly #pacer: Pacer;
  readonly #anchors: Anchors;
  #checkpoint: { seq: SequenceNumber; root: Digest | null } = { seq: 0, root: null };
  /** What the log gave back, until the anchor among it is known. */
  readonly #recovered: LogRecord[] = [];
  #restored: Uint8Array | null = null;
  #helpTimerSet = false;

  constructor(options: ReplicaOptions) {
    const { self, faults, parameters, hash, service } = options;
    this.#options = options;
    this.#port = new Port(options.outbox, ROOT);
    this.#jobs = new Jobs(this.#port);
    this.#clients = new ClientTable(faults.n, parameters.pipeline);
    this.#state = new ReplicatedState(hash, { clients: this.#clients, service: service.state });
    this.#orderer = options.ordering.create({ ...options, sequel: this.#sequel() });
    const partitioned = this.#orderer.soleCoordinator === null;
    const common = { self, faults, port: this.#port, jobs: this.#jobs, window: parameters.orderWindow };
    this.#executor = new Executor({ ...options, n: faults.n, partitioned, clients: this.#clients });
    this.#proofs = new ExecutionProofs({
      ...common,
      entriesMax: parameters.orderEntriesMax,
      proven: (proof, answered) => this.#desk.onProven(proof, answered),
    });
    this.#anchors = new Anchors(this.#port, hash);
    this.#checkpoints = new Checkpoints({ ...common, proven: (proof) => this.#anchors.onProof(proof) });
    this.#desk = new ClientDesk({
      self,
      orderer: this.#orderer,
      port: this.#port,
      parameters,
      clients: this.#clients,
      executor: this.#executor,
      proofs: this.#proofs,
      reply: (reply) => this.#push({ type: "reply", reply }),
    });
    this.#pacer = new Pacer(this.#port, BATCH_TIMER, parameters.batchDelay);
    this.#status = new StatusExchange(this.#port, this.#orderer, this.#anchors);
  }

  /** What must hold for a peer's message to be authentic; null if it is none that this replica takes. */
  checks(instance: InstanceId, message: Message): readonly Check[] | null {
    return instance === ROOT ? rootChecks(message) : this.#orderer.checks(instance, message);
  }

  /** A message whose checks passed. Client checks may have failed: what they are about knows. */
  receive(from: ReplicaId, instance: InstanceId, message: Message): void {
    if (!this.#status.allows(from, message)) return this.#port.report(from, Misbehaviour.TooManyPulls);
    if (instance !== ROOT) this.#orderer.receive(from, instance, message);
    else {
      const parts = {
        ...{ proofs: this.#proofs, checkpoints: this.#checkpoints },
        ...{ status: this.#status, desk: this.#desk },
      };
      if (message instanceof Anchor) this.#onAnchor(from, message);
      else dispatchRoot(from, message, parts);
    }
    this.#pump();
  }

  /** A client's request, whose signature the edge has checked. */
  submit(request: Request): void {
    this.#desk.submit(request);
    this.#pump();
  }

  /** A client's wish for another coordinator, whose signature the edge has checked. */
  reassign(request: AssignRequest): void {
    if (request.valid === true && this.#wants(request)) this.#orderer.reassign(request);
    this.#pump();
  }

  expire(instance: InstanceId, timer: TimerId): void {
    if (instance !== ROOT) this.#orderer.expire(instance, timer);
    else this.#onTimer(timer);
    this.#pump();
  }

  complete(job: Job, result: JobResult): void {
    if (job.instance === ROOT) this.#jobs.complete(job.ticket, result);
    else this.#orderer.complete(job, result);
    this.#pump();
  }

  /** First after construction, if there is a saved state. Throws DecodeError if it is none. */
  restore(checkpoint: RestoredCheckpoint): void {
    const { seq } = checkpoint;
    const part = this.#state.load(checkpoint.pages);
    const { root, pageCount, path } = this.#state.seal(part);
    this.#restored = part;
    this.#checkpoint = { seq, root };
    this.#anchors.onTaken(seq, { part, pageCount, path }, null);
    this.#proofs.startFrom(seq);
  }

  /** Then every record of the log, checked like a message of a peer. */
  recover(record: LogRecord): void {
    if (record.message instanceof Anchor) this.#anchors.recover(record.message);
    else this.#recovered.push(record);
  }

  /** Last: the replica takes part from here on. */
  start(): void {
    const { seq, root } = this.#checkpoint;
    if (this.#restored !== null) this.#orderer.restore(this.#restored, this.#anchors.newest);
    this.#restored = null;
    for (const record of this.#recovered.splice(0)) this.#orderer.recover(record);
    if (root !== null) this.#checkpoints.startFrom(seq, root);
    this.#port.setTimer(STATUS_TIMER, this.#options.parameters.statusPeriod);
    this.#orderer.resume();
    this.#status.announce();
    this.#pump();
  }

  /** Tells the peers how far we are, when one of them has just come back. */
  announce(): void {
    this.#status.announce();
  }

  /** Who coordinates a client's commands now, as far as this replica has executed. */
  coordinatorOf(client: Digest): ReplicaId {
    return this.#desk.coordinatorOf(client);
  }

  status(): ReplicaStatus {
    return {
      executed: this.#orderer.executed,
      commands: this.#executor.commands,
      stable: this.#checkpoints.settled,
      checkpoint: this.#checkpoint,
      clients: this.#clients.size,
      queuedBytes: this.#desk.queuedBytes,
      lag: this.#status.lag,
      instances: this.#orderer.status(),
    };
  }

  #sequel(): Sequel {
    const isBehind = (): boolean => this.#isBehind;
    return {
      execute: (delivery) => this.#execute(delivery),
      assign: (request) => this.#assign(request),
      wants: (request) => this.#wants(request),
      outrun: (anchor) => this.#onOutrun(anchor),
      checkpoint: (seq) => this.#takeCheckpoint(seq),
      get behind() {
        return isBehind();
      },
      forward: (client) => this.#desk.forward(client),
      dropped: (value) => this.#desk.onDropped(requestsOf(value, this.#options.hash)),
      moved: () => this.#desk.onMoved(),
    };
  }

  /** Whether others prove that they have executed more than we. */
  get #isBehind(): boolean {
    return Math.max(this.#checkpoints.settled, this.#anchors.stable) > this.#orderer.executed;
  }

  // DQBFT 3.2.2 and linear-hybster.md 5.
  #execute(delivery: Delivery): void {
    const { self, hash } = this.#options;
    const execution = this.#executor.execute(delivery);
    if (execution !== null) {
      this.#desk.onExecuted(execution.answered);
      this.#proofs.onExecuted(delivery, execution);
    }
    if (delivery.coordinator === self) this.#desk.onDelivered(requestsOf(delivery.value, hash));
  }

  #assign(request: AssignRequest): void {
    if (this.#executor.assign(request)) this.#desk.onAssigned(request.client);
  }

  #wants(request: AssignRequest): boolean {
    return this.#executor.admits(request.client) && request.nonce > this.#clients.nonce(request.client);
  }

  #takeCheckpoint(seq: SequenceNumber): void {
    const part = this.#orderer.snapshot();
    const { root, pages, pageCount, path } = this.#state.seal(part);
    this.#checkpoint = { seq, root };
    this.#push({ type: "save-checkpoint", checkpoint: { seq, pages, pageCount } });
    this.#checkpoints.onTaken(seq, root);
    this.#anchors.onTaken(seq, { part, pageCount, path }, this.#checkpoints.proof);
  }

  #onAnchor(from: ReplicaId, anchor: Anchor): void {
    if (!this.#anchors.onAnchor(anchor)) return this.#port.report(from, Misbehaviour.BadCertificate);
    this.#checkpoints.onCheckpointProof(anchor.proof);
  }

  #onOutrun(anchor: Anchor): void {
    this.#anchors.onAnchor(anchor);
  }

  /** Proofs of the period before stay: clients may still ask for them. More may execute, and be stable, in turn. */
  #stabilise(): void {
    for (;;) {
      const coverage = this.#anchors.takeCoverage();
      if (coverage === null) return;
      const watermarks = this.#orderer.stabilise(coverage.part, coverage.anchor);
      if (watermarks.length > 0) this.#push({ type: "retire", watermarks });
      this.#proofs.retire(coverage.seq - this.#options.parameters.checkpointPeriod);
    }
  }

  #onTimer(timer: TimerId): void {
    if (timer === STATUS_TIMER) {
      this.#status.renew();
      this.#desk.renew();
      this.#status.announce();
      this.#port.setTimer(STATUS_TIMER, this.#options.parameters.statusPeriod);
    } else if (timer === HELP_TIMER) {
      this.#helpTimerSet = false;
      this.#proofs.tick();
      this.#checkpoints.tick();
    } else this.#pacer.expire();
  }

  /** What every event may have made possible: a batch, and help for what waits. */
  #pump(): void {
    this.#stabilise();
    this.#proposeBatches();
    if (this.#helpTimerSet || !(this.#proofs.waiting || this.#checkpoints.waiting)) return;
    this.#helpTimerSet = true;
    this.#port.setTimer(HELP_TIMER, this.#options.parameters.pullDelay);
  }

  #proposeBatches(): void {
    while (this.#orderer.maySubmit) {
      const waiting = {
        count: this.#desk.queuedRequests,
        full: this.#desk.hasFullBatch,
        idle: this.#orderer.idle,
      };
      if (!this.#pacer.ready(waiting)) return;
      const requests = this.#desk.takeBatch();
      this.#pacer.proposed(requests.length);
      if (requests.length > 0) this.#orderer.submit(encodeBatch(requests, this.#options.hash));
    }
  }

  #push(effect: Effect): void {
    this.#options.outbox.push(effect);
  }
}
