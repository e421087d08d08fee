import { type Agreement, type Superior, Verdict } from "../../agreement/agreement.ts";
import type { Job, JobResult, LogRecord, Watermark } from "../../effects/effects.ts";
import { Pacer } from "../../effects/pacer.ts";
import { Port } from "../../effects/port.ts";
import type { Digest, InstanceId, ReplicaId, SequenceNumber, TimerId } from "../../kernel/ids.ts";
import { invariant, present } from "../../kernel/invariant.ts";
import type { Anchor } from "../../wire/anchor.ts";
import type { Check } from "../../wire/check.ts";
import {
  AssignRequest,
  type Evidence,
  type Message,
  type Proposal,
  type Status,
} from "../../wire/messages.ts";
import type { Request } from "../../wire/request.ts";
import type { Value } from "../../wire/value.ts";
import { judgeBatch } from "../batch-gate.ts";
import { COMPOSITION } from "../composition.ts";
import { instanceStatus } from "../instance-status.ts";
import type { InstanceStatus, Orderer, OrdererContext, OrderingProtocol, Sequel } from "../orderer.ts";
import { Authenticator } from "./authenticator.ts";
import { judgeOrder } from "./gate.ts";
import { Horizon } from "./horizon.ts";
import { OrderQueue } from "./order-queue.ts";
import { encodeOrderValue, type OrderLimits, type OrderList, orderListOf } from "./order-value.ts";
import { decodePart, type OrdererPart } from "./orderer-part.ts";
import type { DqbftRecipe } from "./recipe.ts";
import { Sequencer } from "./sequencer.ts";

/** What an instance told us, until no instance is on the stack. */
type Notice =
  | { readonly type: "disseminating"; readonly instance: ReplicaId; readonly header: Proposal }
  | {
      readonly type: "disseminated";
      readonly instance: ReplicaId;
      readonly seq: SequenceNumber;
      readonly value: Value;
    }
  | { readonly type: "ordering" | "ordered"; readonly seq: SequenceNumber; readonly list: OrderList };

const ORDER_BATCH_TIMER: TimerId = 1;

/** DQBFT (paper 3.2): n D-instances disseminate batches, one O-instance orders their slots, concurrently. */
class Dqbft implements Orderer {
  readonly soleCoordinator = null;
  readonly #context: OrdererContext;
  readonly #limits: OrderLimits;
  readonly #port: Port;
  readonly #disseminators: readonly Agreement[];
  readonly #order: Agreement;
  readonly #orderInstance: InstanceId;
  readonly #authenticator: Authenticator;
  readonly #notices: Notice[] = [];
  readonly #queue: OrderQueue;
  readonly #sequencer: Sequencer;
  readonly #pacer: Pacer;
  /** Folds O-slots as they are accepted, ahead of execution: `simNext` of dqbft.md 3. */
  #accepted: { readonly horizon: Horizon; seq: SequenceNumber };
  /** O-slots accepted out of order, until those below them are. */
  readonly #waiting = new Map<SequenceNumber, OrderList>();

  constructor(recipe: DqbftRecipe, context: OrdererContext) {
    const { faults, parameters, hash } = context;
    this.#context = context;
    this.#limits = {
      entriesMax: parameters.orderEntriesMax,
      referencesPerInstanceMax: parameters.referencesPerInstanceMax,
      n: faults.n,
    };
    this.#orderInstance = faults.n;
    this.#port = new Port(context.outbox, COMPOSITION);
    this.#pacer = new Pacer(this.#port, ORDER_BATCH_TIMER, parameters.orderBatchDelay);
    this.#authenticator = new Authenticator(recipe, { faults, hash, parameters });
    this.#disseminators = Array.from({ length: faults.n }, (_, home) =>
      this.#createDisseminator(recipe, home),
    );
    this.#order = this.#createOrder(recipe);
    this.#queue = new OrderQueue(
      { ...parameters, n: faults.n, entriesMax: parameters.orderEntriesMax },
      this.#view(),
    );
    this.#sequencer = new Sequencer({
      limits: this.#limits,
      checkpointPeriod: parameters.checkpointPeriod,
      disseminationWindow: parameters.disseminationWindow,
      sequel: bound(context, (request) => this.#assign(request)),
    });
    this.#accepted = { horizon: new Horizon(this.#limits, this.#sequencer.cut), seq: 0 };
  }

  get maySubmit(): boolean {
    return this.#own.mayPropose;
  }

  get idle(): boolean {
    return this.#sequencer.cut[this.#context.self] === this.#own.known;
  }

  get executed(): SequenceNumber {
    return this.#sequencer.executed;
  }

  submit(value: Value): void {
    this.#own.propose(value, []);
    this.#settle();
  }

  /** Every replica relays a client's wish to the O-primary; only that one orders it. */
  reassign(request: AssignRequest): void {
    this.#queue.offerAssignment(request);
    if (this.#order.primary !== this.#context.self) this.#port.send(this.#order.primary, request);
    this.#settle();
  }

  readonly away: readonly ReplicaId[] = [];

  expect(_request: Request, _coordinator: ReplicaId): void {}

  served(_client: Digest, _timestamp: number): void {}

  checks(instance: InstanceId, message: Message): readonly Check[] | null {
    return this.#authenticator.checks(instance, message);
  }

  receive(from: ReplicaId, instance: InstanceId, message: Message): void {
    if (message instanceof AssignRequest) this.#onAssignRequest(message);
    else this.#instance(instance).receive(from, message);
    this.#settle();
  }

  expire(instance: InstanceId, timer: TimerId): void {
    if (instance === COMPOSITION) this.#pacer.expire();
    else this.#instance(instance).expire(timer);
    this.#settle();
  }

  complete(job: Job, result: JobResult): void {
    this.#instance(job.instance).complete(job.ticket, result);
    this.#settle();
  }

  decided(): SequenceNumber[] {
    return this.#all().map((agreement) => agreement.decided);
  }

  pursue(status: Status): void {
    for (const [instance, agreement] of this.#all().entries()) {
      const seq = status.decided[instance];
      if (seq !== undefined) agreement.pursue(seq);
    }
    this.#settle();
  }

  // dqbft.md 5: one global checkpoint; a slot is discarded only when executed and covered (H6).
  stabilise(part: Uint8Array, anchor: Anchor): readonly Watermark[] {
    return this.#advance(decodePart(part, this.#limits.n), anchor);
  }

  snapshot(): Uint8Array {
    return this.#sequencer.snapshot();
  }

  restore(bytes: Uint8Array, anchor: Anchor | null): void {
    const { n } = this.#limits;
    const part = decodePart(bytes, n);
    const covered = anchor === null ? null : decodePart(anchor.part, n);
    this.#sequencer.restore(part);
    this.#accepted = { horizon: new Horizon(this.#limits, part.cut), seq: part.executed };
    const low = Math.min(covered?.executed ?? 0, part.executed);
    this.#order.startFrom(low, anchor, part.executed);
    for (const [instance, executed] of part.cut.entries()) {
      const lowest = Math.min(covered?.cut[instance] ?? 0, executed);
      this.#instance(instance).startFrom(lowest, anchor, executed);
    }
  }

  jump(anchor: Anchor): readonly Watermark[] {
    const part = decodePart(anchor.part, this.#limits.n);
    invariant(part.executed > this.#sequencer.executed, "a state is transferred forwards");
    this.#sequencer.restore(part);
    if (part.executed > this.#accepted.seq) {
      this.#accepted = { horizon: new Horizon(this.#limits, part.cut), seq: part.executed };
      for (const seq of this.#waiting.keys()) if (seq <= part.executed) this.#waiting.delete(seq);
    }
    return this.#advance(part, anchor);
  }

  recover(record: LogRecord): void {
    this.#instance(record.instance).recover(record);
  }

  resume(): void {
    for (const agreement of this.#all()) agreement.resume();
    this.#settle();
  }

  status(): readonly InstanceStatus[] {
    return this.#all().map((agreement, instance) => instanceStatus(instance, agreement));
  }

  #advance({ executed, cut }: OrdererPart, anchor: Anchor): readonly Watermark[] {
    const watermarks = [...cut, executed].map((seq, instance) => ({ instance, seq }));
    for (const { instance, seq: low } of watermarks) {
      this.#instance(instance).advance(low, anchor);
      if (instance < this.#limits.n) this.#queue.advance(instance, low);
    }
    this.#settle();
    return watermarks;
  }

  /** Acts on what the instances reported, once none of them is on the stack. */
  #settle(): void {
    for (;;) {
      for (const notice of this.#notices.splice(0)) this.#onNotice(notice);
      const blocked = this.#sequencer.run();
      if (blocked !== null) this.#await(blocked.instance, blocked.seq);
      if (!this.#proposeOrder() && this.#notices.length === 0) return;
    }
  }

  #onNotice(notice: Notice): void {
    switch (notice.type) {
      case "disseminating":
        return this.#queue.offer(notice.instance, notice.header);
      case "disseminated":
        return this.#sequencer.onDisseminated(notice.instance, notice.seq, notice.value);
      case "ordering":
        return this.#accept(notice.seq, notice.list);
      case "ordered":
        this.#accept(notice.seq, notice.list);
        return this.#sequencer.onOrdered(notice.seq, notice.list);
    }
  }

  #onAssignRequest(request: AssignRequest): void {
    // Every replica relays it: all but the first come late.
    if (request.valid === true && this.#context.sequel.wants(request)) this.#queue.offerAssignment(request);
  }

  /** An ordered slot whose batch is not decided here. Its header may never have reached us: ask. */
  #await(instance: ReplicaId, seq: SequenceNumber): void {
    const agreement = this.#instance(instance);
    if (agreement.known < seq) agreement.pursue(seq);
  }

  #accept(seq: SequenceNumber, list: OrderList): void {
    if (seq > this.#accepted.seq) this.#waiting.set(seq, list);
    for (;;) {
      const next = this.#waiting.get(this.#accepted.seq + 1);
      if (next === undefined) return;
      this.#accepted.seq += 1;
      this.#waiting.delete(this.#accepted.seq);
      this.#accepted.horizon.fold(next);
    }
  }

  /** dqbft.md 4.2, as the pacer says. */
  #proposeOrder(): boolean {
    if (!this.#order.mayPropose || this.#accepted.seq < this.#order.known) return false;
    const available = this.#queue.available();
    const idle = this.#order.decided === this.#order.known;
    const full = available >= this.#limits.entriesMax;
    if (!this.#pacer.ready({ count: available, full, idle })) return false;
    this.#pacer.proposed(available);
    const { entries, evidence } = this.#queue.take();
    const value = encodeOrderValue(entries, this.#context.hash);
    const seq = this.#order.propose(value, evidence);
    this.#accept(seq, orderListOf(value));
    return true;
  }

  #assign(request: AssignRequest): void {
    this.#context.sequel.assign(request);
    this.#queue.settleAssignment(request);
  }

  #createDisseminator(recipe: DqbftRecipe, home: ReplicaId): Agreement {
    const { self, outbox, hash, parameters } = this.#context;
    const { pullDelay, viewChangeDelay } = parameters;
    const superior: Superior = {
      judge: ({ value }) => judgeBatch(present(value, "a fresh proposal has its value"), hash),
      proposed: (proposal) => {
        const { value } = proposal;
        // What every correct backup refuses is never disseminated: ordered by its header, it would block the order for good.
        if (value === null || judgeBatch(value, hash) !== Verdict.Accept) return;
        this.#notices.push({ type: "disseminating", instance: home, header: proposal.header() });
      },
      committed: (seq, value) =>
        void this.#notices.push({ type: "disseminated", instance: home, seq, value }),
      entered: () => {},
      left: () => {},
      outrun: (anchor) => this.#context.sequel.outrun(anchor),
    };
    return recipe.disseminate.create({
      ...this.#authenticator.address(home),
      self,
      port: new Port(outbox, home),
      superior,
      hash,
      parameters: { window: parameters.disseminationWindow, pullDelay, viewChangeDelay },
    });
  }

  #createOrder(recipe: DqbftRecipe): Agreement {
    const { self, outbox, hash, parameters } = this.#context;
    const { pullDelay, viewChangeDelay } = parameters;
    const superior: Superior = {
      judge: ({ value, evidence }) =>
        judgeOrder(present(value, "a fresh proposal has its value"), evidence, this.#limits),
      proposed: ({ seq, value }) => {
        invariant(value !== null, "an accepted proposal has its value");
        this.#notices.push({ type: "ordering", seq, list: orderListOf(value) });
      },
      committed: (seq, value) => void this.#notices.push({ type: "ordered", seq, list: orderListOf(value) }),
      entered: () => {},
      left: () => {},
      outrun: (anchor) => this.#context.sequel.outrun(anchor),
    };
    return recipe.order.create({
      ...this.#authenticator.address(this.#orderInstance),
      self,
      port: new Port(outbox, this.#orderInstance),
      superior,
      hash,
      parameters: { window: parameters.orderWindow, pullDelay, viewChangeDelay },
    });
  }

  /** What the O-primary's queue may ask. */
  #view(): {
    next: (instance: ReplicaId) => SequenceNumber;
    certificate: (instance: ReplicaId, seq: SequenceNumber) => Evidence | null;
    decided: (instance: ReplicaId) => SequenceNumber;
  } {
    return {
      next: (instance) => this.#accepted.horizon.next(instance),
      certificate: (instance, seq) => this.#instance(instance).certificate(seq),
      decided: (instance) => this.#instance(instance).decided,
    };
  }

  get #own(): Agreement {
    return this.#instance(this.#context.self);
  }

  #instance(instance: InstanceId): Agreement {
    const agreement = instance === this.#orderInstance ? this.#order : this.#disseminators[instance];
    return present(agreement, "an instance of this cluster");
  }

  #all(): readonly Agreement[] {
    return [...this.#disseminators, this.#order];
  }
}

function bound({ sequel }: OrdererContext, assign: Sequel["assign"]): Sequel {
  return {
    execute: (delivery) => sequel.execute(delivery),
    assign,
    wants: (request) => sequel.wants(request),
    checkpoint: (seq) => sequel.checkpoint(seq),
    outrun: (anchor) => sequel.outrun(anchor),
    get behind() {
      return sequel.behind;
    },
    forward: (client) => sequel.forward(client),
    dropped: (value) => sequel.dropped(value),
    moved: () => sequel.moved(),
  };
}

/** The composition over any agreements: `destiny = dqbft({ disseminate: linearHybster, order: linearHybster })`. */
export function dqbft(recipe: DqbftRecipe): OrderingProtocol {
  return {
    name: `dqbft(${recipe.disseminate.name},${recipe.order.name})`,
    create: (context) => new Dqbft(recipe, context),
  };
}
