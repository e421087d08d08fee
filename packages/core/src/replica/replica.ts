import type { Effect, Job, JobResult, LogRecord } from "../effects/effects.ts";
import { Jobs } from "../effects/jobs.ts";
import { Pacer } from "../effects/pacer.ts";
import { type Outbox, Port } from "../effects/port.ts";
import type { Configuration } from "../kernel/configurations.ts";
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
import { type AssignRequest, ExecProof, ExecSig, type Message } from "../wire/messages.ts";
import type { Request } from "../wire/request.ts";
import { Roster } from "../wire/roster.ts";
import type { Hash } from "../wire/value.ts";
import { ClientDesk } from "./client-desk.ts";
import { ClientTable } from "./client-table.ts";
import { ExecutionProofs } from "./execution-proofs.ts";
import { type Admission, Executor, type ReplyStyle } from "./executor.ts";
import { JoinedPages } from "./joined-pages.ts";
import { type Identities, Membership } from "./membership.ts";
import { Readmission } from "./readmission.ts";
import { dispatchRoot, type RootDesks, rootChecks } from "./root-messages.ts";
import { Silence } from "./silence.ts";
import { type RestoredCheckpoint, StateKeeper } from "./state-keeper.ts";
import type { TransferProgress } from "./state-transfer/state-transfer.ts";
import { StatusExchange } from "./status-exchange.ts";

/** The one timer that never rests: a replica at rest still tells its peers how far it is. */
export const STATUS_TIMER: TimerId = 1;
const HELP_TIMER: TimerId = 2;
const BATCH_TIMER: TimerId = 3;
const TRANSFER_TIMER: TimerId = 4;

export interface ReplicaOptions {
  readonly self: ReplicaId;
  readonly faults: FaultModel;
  readonly ordering: OrderingProtocol;
  readonly replies: ReplyStyle;
  readonly parameters: Parameters;
  readonly admission: Admission;
  readonly service: Service;
  readonly hash: Hash;
  readonly outbox: Outbox;
  /** Who the replicas are, where their trusted subsystems can be admitted again; absent if they cannot. */
  readonly identities?: Identities | undefined;
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
  /** The state that is being fetched from peers; null if none is. */
  readonly transfer: TransferProgress | null;
  /** States that came whole from peers since the start. */
  readonly transfers: number;
  /** How many admissions are executed: the configuration that this makes (hybster.md 10.1). */
  readonly configuration: Configuration;
  /** The configuration that first has our trusted subsystem; null while it waits to be admitted. */
  readonly admittedWith: Configuration | null;
  readonly instances: readonly InstanceStatus[];
}

/** One replica, pure: events in by methods, effects out by the outbox. One event at a time. */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #port: Port;
  readonly #orderer: Orderer;
  readonly #jobs: Jobs;
  readonly #members: Membership;
  readonly #readmission: Readmission;
  readonly #clients: ClientTable;
  readonly #executor: Executor;
  readonly #proofs: ExecutionProofs;
  readonly #keeper: StateKeeper;
  readonly #desk: ClientDesk;
  readonly #status: StatusExchange;
  readonly #pacer: Pacer;
  /** Who takes messages that are for the replica itself. */
  readonly #desks: RootDesks;
  /** What the log gave back, until the anchor among it is known. */
  readonly #recovered: LogRecord[] = [];
  #helpTimerSet = false;
  #transfers = 0;

  constructor(options: ReplicaOptions) {
    const { self, faults, parameters, hash, service } = options;
    this.#options = options;
    this.#port = new Port(options.outbox, ROOT);
    this.#jobs = new Jobs(this.#port);
    this.#clients = new ClientTable(faults.n, parameters.pipeline);
    const { identities = null } = options;
    this.#members = new Membership({ self, hash, identities, push: (effect) => this.#push(effect) });
    const silent = new Set<ReplicaId>();
    const place = { members: this.#members, sequel: this.#sequel(), silent };
    this.#orderer = options.ordering.create({ ...place, ...options });
    const partitioned = this.#orderer.soleCoordinator === null;
    const common = { self, faults, port: this.#port, jobs: this.#jobs, window: parameters.orderWindow };
    const [clients, members] = [this.#clients, this.#members];
    this.#readmission = new Readmission({ hash, clients, members, identities, ...common });
    this.#executor = new Executor({ n: faults.n, partitioned, clients, members, ...options });
    this.#proofs = new ExecutionProofs({
      entriesMax: parameters.orderEntriesMax,
      proven: (proof, answered) => this.#desk.onProven(proof, answered),
      ...common,
    });
    this.#keeper = new StateKeeper({
      parameters,
      hash,
      timer: TRANSFER_TIMER,
      clients: new JoinedPages(this.#clients, this.#members),
      service: service.state,
      orderer: () => this.#orderer,
      push: (effect) => this.#push(effect),
      covered: (seq) => this.#proofs.retire(seq - parameters.checkpointPeriod),
      installed: (seq) => this.#onInstalled(seq),
      ...common,
    });
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
    this.#status = new StatusExchange(
      this.#port,
      this.#orderer,
      this.#keeper.anchors,
      new Silence(peersOf(self, faults.n), silent),
    );
    this.#desks = { proofs: this.#proofs, status: this.#status, desk: this.#desk };
  }

  /** Whether a peer's message is worth its checks; an event like any other. */
  admits(from: ReplicaId, instance: InstanceId, message: Message): boolean {
    return instance === ROOT || this.#orderer.admits?.(from, instance, message) !== false;
  }

  /** What must hold for a peer's message to be authentic; null if it is none that this replica takes. */
  checks(instance: InstanceId, message: Message): readonly Check[] | null {
    return instance === ROOT
      ? rootChecks(this.#options.faults, message)
      : this.#orderer.checks(instance, message);
  }

  /** A message whose checks passed. Client checks may have failed: what they are about knows. */
  receive(from: ReplicaId, instance: InstanceId, message: Message): void {
    if (!this.#status.allows(from, message)) return this.#port.report(from, Misbehaviour.TooManyPulls);
    if (instance !== ROOT) {
      if (this.#orderer.receive(from, instance, message)) this.#pump();
      return;
    }
    if (this.#keeper.receive(from, message)) return this.#pump();
    dispatchRoot(from, message, this.#desks);
    // What proves an execution makes nothing else possible.
    if (!(message instanceof ExecSig || message instanceof ExecProof)) this.#pump();
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
    if (job.instance !== ROOT) {
      if (this.#orderer.complete(job, result)) this.#pump();
      return;
    }
    this.#jobs.complete(job.ticket, result);
    this.#pump();
  }

  /** First after construction, if there is a saved state. Throws DecodeError if it is none. */
  restore(checkpoint: RestoredCheckpoint): void {
    this.#keeper.restore(checkpoint);
    this.#proofs.startFrom(checkpoint.seq);
  }

  /** Then every record of the log, checked like a message of a peer. */
  recover(record: LogRecord): void {
    if (record.message instanceof Anchor) this.#keeper.recover(record.message);
    else if (record.message instanceof Roster) this.#members.recover(record.message);
    else this.#recovered.push(record);
  }

  /** Last: the replica takes part from here on. */
  start(): void {
    this.#members.start();
    this.#keeper.start();
    for (const record of this.#recovered.splice(0)) this.#orderer.recover(record);
    this.#keeper.vouch();
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
      stable: this.#keeper.settled,
      checkpoint: this.#keeper.checkpoint,
      clients: this.#clients.size,
      queuedBytes: this.#desk.queuedBytes,
      lag: this.#status.lag,
      transfer: this.#keeper.transfer,
      transfers: this.#transfers,
      configuration: this.#members.executed,
      admittedWith: Number.isFinite(this.#members.ownSince) ? this.#members.ownSince : null,
      instances: this.#orderer.status(),
    };
  }

  #sequel(): Sequel {
    const isBehind = (): boolean => this.#keeper.behind;
    return {
      execute: (delivery) => this.#execute(delivery),
      assign: (request) => this.#assign(request),
      wants: (request) => this.#wants(request),
      outrun: (anchor) => this.#keeper.onOutrun(anchor),
      checkpoint: (seq) => this.#keeper.take(seq),
      get behind() {
        return isBehind();
      },
      forward: (client) => this.#desk.forward(client),
      dropped: (value) => this.#desk.onDropped(requestsOf(value, this.#options.hash)),
      moved: () => this.#desk.onMoved(),
    };
  }

  // DQBFT 3.2.2 and linear-hybster.md 5.
  #execute(delivery: Delivery): void {
    const { self, hash } = this.#options;
    const execution = this.#executor.execute(delivery);
    if (execution !== null) {
      this.#desk.onExecuted(execution.answered);
      if (this.#options.replies === "plain") this.#desk.onAnswered(execution.answered);
      else this.#proofs.onExecuted(delivery, execution);
    }
    if (delivery.coordinator === self) this.#desk.onDelivered(requestsOf(delivery.value, hash));
  }

  #assign(request: AssignRequest): void {
    if (this.#executor.assign(request)) this.#desk.onAssigned(request.client);
  }

  #wants(request: AssignRequest): boolean {
    return this.#executor.admits(request.client) && request.nonce > this.#clients.nonce(request.client);
  }

  /** What was executed for us, by others: our clients are answered from the table when they ask again. */
  #onInstalled(seq: SequenceNumber): void {
    this.#transfers += 1;
    this.#proofs.retire(seq);
    this.#proofs.startFrom(seq);
    this.#desk.onInstalled();
  }

  #onTimer(timer: TimerId): void {
    if (timer === STATUS_TIMER) {
      this.#status.renew();
      this.#desk.renew();
      this.#keeper.renew();
      this.#readmission.tick();
      this.#status.announce();
      this.#port.setTimer(STATUS_TIMER, this.#options.parameters.statusPeriod);
    } else if (timer === HELP_TIMER) {
      this.#helpTimerSet = false;
      this.#proofs.tick();
      this.#keeper.help();
    } else if (timer === TRANSFER_TIMER) this.#keeper.tick();
    else this.#pacer.expire();
  }

  /** What every event may have made possible: a batch, and help for what waits. */
  #pump(): void {
    this.#keeper.settle();
    this.#proposeBatches();
    if (this.#helpTimerSet || !(this.#proofs.waiting || this.#keeper.waiting)) return;
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

function peersOf(self: ReplicaId, n: number): readonly ReplicaId[] {
  return Array.from({ length: n }, (_, id) => id).filter((id) => id !== self);
}
