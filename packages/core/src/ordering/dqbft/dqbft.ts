import type { Agreement } from "../../agreement/agreement.ts";
import type { Job, JobResult, LogRecord, Watermark } from "../../effects/effects.ts";
import { Jobs } from "../../effects/jobs.ts";
import { Port } from "../../effects/port.ts";
import {
  type Digest,
  type InstanceId,
  type ReplicaId,
  ROOT,
  type SequenceNumber,
  type TimerId,
  type View,
} from "../../kernel/ids.ts";
import { invariant } from "../../kernel/invariant.ts";
import type { Anchor } from "../../wire/anchor.ts";
import type { Check } from "../../wire/check.ts";
import { Challenge, HeaderRelay, Health, Need, Reinstate, Rejoin } from "../../wire/composition.ts";
import { AssignRequest, type Message, type Status, Vote } from "../../wire/messages.ts";
import type { Request } from "../../wire/request.ts";
import { Complaint } from "../../wire/suspicion.ts";
import type { Value } from "../../wire/value.ts";
import { COMPOSITION } from "../composition.ts";
import { instanceStatus } from "../instance-status.ts";
import type { InstanceStatus, Orderer, OrdererContext, OrderingProtocol } from "../orderer.ts";
import { decodePart, type OrdererPart } from "./orderer-part.ts";
import type { DqbftRecipe } from "./recipe.ts";
import { Rooms } from "./rooms.ts";
import { Timer } from "./timers.ts";

/** Where an instance is, for all who are outside of it. */
type Whereabouts = Pick<Agreement, "view" | "active" | "known" | "decided">;

/** DQBFT (paper 3.2): n D-instances disseminate batches, one O-instance orders their slots, concurrently. */
class Dqbft implements Orderer {
  readonly soleCoordinator = null;
  readonly #context: OrdererContext;
  readonly #n: number;
  readonly #port: Port;
  readonly #jobs: Jobs;
  readonly #rooms: Rooms;

  constructor(recipe: DqbftRecipe, context: OrdererContext) {
    this.#context = context;
    this.#n = context.faults.n;
    this.#port = new Port(context.outbox, COMPOSITION);
    this.#jobs = new Jobs(this.#port);
    const rootPort = new Port(context.outbox, ROOT);
    this.#rooms = new Rooms({ recipe, context, port: this.#port, rootPort, jobs: this.#jobs });
  }

  get maySubmit(): boolean {
    const { own } = this.#rooms.instances;
    return own.mayPropose && own.view % this.#n === 0;
  }

  get idle(): boolean {
    return (this.#rooms.sequencer.cut[this.#context.self] ?? 0) >= this.#rooms.instances.own.nextSlot - 1;
  }

  get executed(): SequenceNumber {
    return this.#rooms.sequencer.executed;
  }

  get away(): readonly ReplicaId[] {
    return this.#rooms.away;
  }

  submit(value: Value): void {
    const seq = this.#rooms.instances.own.propose(value, []);
    this.#rooms.submissions.add(seq, value);
    this.#rooms.settle(this.#context.self);
  }

  /** Every replica relays a client's wish to the O-primary; only that one orders it. */
  reassign(request: AssignRequest): void {
    const { assignments, oversight, instances } = this.#rooms;
    if (assignments.offer(request)) oversight.onAssignment(request.client);
    const { primary } = instances.order;
    if (primary !== this.#context.self) this.#port.send(primary, request);
    this.#rooms.settle(null);
  }

  expect(request: Request, coordinator: ReplicaId): void {
    this.#rooms.oversight.expect(request, coordinator);
  }

  served(client: Digest, timestamp: number): void {
    this.#rooms.oversight.served(client, timestamp);
  }

  /** Headers that are passed on are many, and only help: each peer's are counted before anything is verified. */
  admits(from: ReplicaId, instance: InstanceId, message: Message): boolean {
    if (instance !== COMPOSITION || !(message instanceof HeaderRelay)) return true;
    return this.#rooms.relays.admits(from, message);
  }

  checks(instance: InstanceId, message: Message): readonly Check[] | null {
    if (message instanceof Complaint && instance === COMPOSITION)
      return this.#rooms.oversight.checks(message);
    return this.#rooms.authenticator.checks(instance, message);
  }

  receive(from: ReplicaId, instance: InstanceId, message: Message): boolean {
    if (instance === COMPOSITION) {
      this.#onMessage(from, message);
      this.#rooms.settle(null);
      return true;
    }
    const { instances } = this.#rooms;
    const agreement = instances.of(instance);
    if (message instanceof Vote && !this.#moves(agreement, from, message)) return false;
    if (!(message instanceof Vote)) agreement.receive(from, message);
    this.#rooms.settle(instance);
    return true;
  }

  /** Most messages are votes that are counted, and no more: where an instance is has changed for nobody then. */
  #moves(agreement: Agreement, from: ReplicaId, vote: Vote): boolean {
    const { view, active, known, decided } = agreement;
    agreement.receive(from, vote);
    return this.#hasMoved(agreement, { view, active, known, decided });
  }

  #hasMoved(agreement: Agreement, before: Whereabouts): boolean {
    if (this.#rooms.instances.hasNotices || agreement.known !== before.known) return true;
    return (
      agreement.decided !== before.decided ||
      agreement.view !== before.view ||
      agreement.active !== before.active
    );
  }

  expire(instance: InstanceId, timer: TimerId): void {
    if (instance === COMPOSITION) {
      this.#onTimer(timer);
      return this.#rooms.settle(null);
    }
    this.#rooms.instances.of(instance).expire(timer);
    this.#rooms.settle(instance);
  }

  complete(job: Job, result: JobResult): boolean {
    if (job.instance === COMPOSITION) {
      this.#jobs.complete(job.ticket, result);
      this.#rooms.settle(null);
      return true;
    }
    const agreement = this.#rooms.instances.of(job.instance);
    const { view, active, known, decided } = agreement;
    agreement.complete(job.ticket, result);
    // A primary may go on proposing once its signature is here. For the others theirs is one more vote.
    const leads = agreement.primary === this.#context.self;
    if (!leads && !this.#hasMoved(agreement, { view, active, known, decided })) return false;
    this.#rooms.settle(job.instance);
    return true;
  }

  decided(): SequenceNumber[] {
    return this.#rooms.instances.all.map((agreement) => agreement.decided);
  }

  views(): View[] {
    return this.#rooms.instances.all.map(({ standing }) => standing.view);
  }

  pursue(from: ReplicaId, { decided, views }: Status): void {
    const { reached, instances } = this.#rooms;
    for (let instance = 0; instance <= this.#n; instance += 1) {
      const seq = decided[instance] ?? 0;
      if (!reached.hasDecided(instance, seq)) instances.of(instance).pursue(seq);
      if (reached.isPast(instance, views[instance] ?? 0)) instances.of(instance).show(from);
    }
    this.#rooms.settle(null);
  }

  // dqbft.md 5: one global checkpoint; a slot is discarded only when executed and covered (H6).
  stabilise(part: Uint8Array, anchor: Anchor): readonly Watermark[] {
    return this.#advance(decodePart(part, this.#n), anchor);
  }

  snapshot(): Uint8Array {
    return this.#rooms.sequencer.snapshot();
  }

  restore(bytes: Uint8Array, anchor: Anchor | null): void {
    const { sequencer, log, instances } = this.#rooms;
    const part = decodePart(bytes, this.#n);
    const covered = anchor === null ? null : decodePart(anchor.part, this.#n);
    sequencer.restore(part);
    log.restore(part);
    if (anchor !== null) this.#rooms.onAnchor(anchor);
    instances.order.startFrom(Math.min(covered?.executed ?? 0, part.executed), anchor, part.executed);
    for (const [instance, executed] of part.cut.entries()) {
      const lowest = Math.min(covered?.cut[instance] ?? 0, executed);
      instances.of(instance).startFrom(lowest, anchor, executed);
    }
  }

  jump(anchor: Anchor): readonly Watermark[] {
    const { sequencer, log, submissions } = this.#rooms;
    const part = decodePart(anchor.part, this.#n);
    invariant(part.executed > sequencer.executed, "a state is transferred forwards");
    sequencer.restore(part);
    log.restore(part);
    const covered = part.cut[this.#context.self] ?? 0;
    for (const value of submissions.dropUpTo(covered)) this.#context.sequel.dropped(value);
    return this.#advance(part, anchor);
  }

  recover(record: LogRecord): void {
    this.#rooms.instances.of(record.instance).recover(record);
  }

  /** The log holds all that we had proposed, so a primary goes on in its view, and gives nothing up (dqbft.md 6, Abdicate). */
  resume(): void {
    for (const agreement of this.#rooms.instances.all) agreement.resume();
    this.#rooms.settleAll();
  }

  status(): readonly InstanceStatus[] {
    const { instances, oversight } = this.#rooms;
    return instances.all.map((agreement, instance) =>
      instanceStatus(instance, agreement, oversight.account(instance)),
    );
  }

  #advance({ executed, cut }: OrdererPart, anchor: Anchor): readonly Watermark[] {
    const watermarks = [...cut, executed].map((seq, instance) => ({ instance, seq }));
    for (const { instance, seq: low } of watermarks) this.#rooms.advance(instance, low, anchor);
    this.#rooms.onAnchor(anchor);
    this.#rooms.settleAll();
    return watermarks;
  }

  #onMessage(from: ReplicaId, message: Message): void {
    const { relays, fill, reinstatement, oversight } = this.#rooms;
    if (message instanceof AssignRequest) this.#onAssignRequest(message);
    else if (message instanceof Complaint) oversight.onComplaint(message);
    else if (message instanceof HeaderRelay) relays.onRelay(from, message);
    else if (message instanceof Need) fill.onNeed(from, message);
    else if (message instanceof Rejoin) reinstatement.onRejoin(from, message);
    else if (message instanceof Challenge) reinstatement.onChallenge(from, message);
    else if (message instanceof Health) reinstatement.onHealth(from, message);
    else if (message instanceof Reinstate) reinstatement.onReinstate(message);
  }

  #onTimer(timer: TimerId): void {
    const { orderPrimary, oversight, relays, grace, reinstatement } = this.#rooms;
    if (timer === Timer.OrderBatch) orderPrimary.expire();
    else if (timer === Timer.Blame) oversight.expire();
    else if (timer === Timer.Relay) relays.expire();
    else if (timer === Timer.Grace) grace.expire();
    else reinstatement.expire(timer);
  }

  #onAssignRequest(request: AssignRequest): void {
    // Every replica relays it: all but the first come late.
    if (request.valid !== true || !this.#context.sequel.wants(request)) return;
    if (this.#rooms.assignments.offer(request)) this.#rooms.oversight.onAssignment(request.client);
  }
}

/** The composition over any agreements: one that disseminates, and one that orders. */
export function dqbft(recipe: DqbftRecipe): OrderingProtocol {
  return {
    name: `dqbft(${recipe.disseminate.name},${recipe.order.name})`,
    create: (context) => new Dqbft(recipe, context),
  };
}
