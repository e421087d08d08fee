import { type Agreement, type Superior, Verdict } from "../../agreement/agreement.ts";
import type { Job, JobResult, LogRecord, Watermark } from "../../effects/effects.ts";
import { Pacer } from "../../effects/pacer.ts";
import { Port } from "../../effects/port.ts";
import type { InstanceId, ReplicaId, SequenceNumber, TimerId } from "../../kernel/ids.ts";
import { invariant, present } from "../../kernel/invariant.ts";
import type { Check } from "../../wire/check.ts";
import {
  AssignRequest,
  type Evidence,
  type Message,
  type Proposal,
  type Status,
} from "../../wire/messages.ts";
import type { Value } from "../../wire/value.ts";
import { judgeBatch } from "../batch-gate.ts";
import type { InstanceStatus, Orderer, OrdererContext, OrderingProtocol } from "../orderer.ts";
import { Authenticator } from "./authenticator.ts";
import { judgeOrder } from "./gate.ts";
import { Horizon } from "./horizon.ts";
import { OrderQueue } from "./order-queue.ts";
import { encodeOrderValue, type OrderLimits, type OrderList, orderListOf } from "./order-value.ts";
import { COMPOSITION, type DqbftRecipe } from "./recipe.ts";
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
  /** Cuts of checkpoints taken and not stable yet. */
  readonly #cuts = new Map<SequenceNumber, readonly SequenceNumber[]>();

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
    this.#authenticator = new Authenticator(recipe, faults, hash);
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
      sequel: {
        ...bound(context),
        assign: (request) => this.#assign(request),
        checkpoint: (seq) => this.#onCheckpoint(seq),
      },
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
  stabilise(seq: SequenceNumber): readonly Watermark[] {
    const cut = this.#cuts.get(seq);
    if (cut === undefined) return [];
    for (const taken of this.#cuts.keys()) if (taken <= seq) this.#cuts.delete(taken);
    const watermarks = [...cut, seq].map((low, instance) => ({ instance, seq: low }));
    for (const { instance, seq: low } of watermarks) {
      this.#instance(instance).advance(low);
      if (instance < this.#limits.n) this.#queue.advance(instance, low);
    }
    this.#settle();
    return watermarks;
  }

  snapshot(): Uint8Array {
    return this.#sequencer.snapshot();
  }

  restore(snapshot: Uint8Array): void {
    this.#sequencer.restore(snapshot);
    const { cut, executed } = this.#sequencer;
    this.#accepted = { horizon: new Horizon(this.#limits, cut), seq: executed };
    this.#cuts.set(executed, [...cut]);
    this.#order.startFrom(executed);
    for (const [instance, low] of cut.entries()) this.#instance(instance).startFrom(low);
  }

  recover(record: LogRecord): void {
    this.#instance(record.instance).recover(record);
  }

  resume(): void {
    for (const agreement of this.#all()) agreement.resume();
    this.#settle();
  }

  status(): readonly InstanceStatus[] {
    return this.#all().map(({ view, primary, low, decided, known }, instance) => {
      return { instance, view, primary, low, decided, known };
    });
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

  #onCheckpoint(seq: SequenceNumber): void {
    this.#cuts.set(seq, [...this.#sequencer.cut]);
    this.#context.sequel.checkpoint(seq);
  }

  #createDisseminator(recipe: DqbftRecipe, home: ReplicaId): Agreement {
    const { self, faults, outbox, hash, parameters } = this.#context;
    const superior: Superior = {
      judge: (_seq, value) => judgeBatch(value, hash),
      proposed: (proposal) => {
        const { value } = proposal;
        // What every correct backup refuses is never disseminated: ordered by its header, it would block the order for good.
        if (value === null || judgeBatch(value, hash) !== Verdict.Accept) return;
        this.#notices.push({ type: "disseminating", instance: home, header: proposal.header() });
      },
      committed: (seq, value) =>
        void this.#notices.push({ type: "disseminated", instance: home, seq, value }),
    };
    return recipe.disseminate.create({
      self,
      faults,
      instance: home,
      home,
      port: new Port(outbox, home),
      superior,
      hash,
      parameters: { window: parameters.disseminationWindow, pullDelay: parameters.pullDelay },
    });
  }

  #createOrder(recipe: DqbftRecipe): Agreement {
    const { self, faults, outbox, hash, parameters } = this.#context;
    const superior: Superior = {
      judge: (_seq, value, evidence) => judgeOrder(value, evidence, this.#limits),
      proposed: ({ seq, value }) => {
        invariant(value !== null, "an accepted proposal has its value");
        this.#notices.push({ type: "ordering", seq, list: orderListOf(value) });
      },
      committed: (seq, value) => void this.#notices.push({ type: "ordered", seq, list: orderListOf(value) }),
    };
    return recipe.order.create({
      self,
      faults,
      instance: this.#orderInstance,
      home: 0,
      port: new Port(outbox, this.#orderInstance),
      superior,
      hash,
      parameters: { window: parameters.orderWindow, pullDelay: parameters.pullDelay },
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

function bound(context: OrdererContext): Pick<OrdererContext["sequel"], "execute" | "wants"> {
  const { sequel } = context;
  return { execute: (delivery) => sequel.execute(delivery), wants: (request) => sequel.wants(request) };
}

/** The composition over any agreements: `destiny = dqbft({ disseminate: linearHybster, order: linearHybster })`. */
export function dqbft(recipe: DqbftRecipe): OrderingProtocol {
  return {
    name: `dqbft(${recipe.disseminate.name},${recipe.order.name})`,
    create: (context) => new Dqbft(recipe, context),
  };
}
