import type { Standing } from "../../agreement/agreement.ts";
import type { Jobs } from "../../effects/jobs.ts";
import type { Port } from "../../effects/port.ts";
import type { Configuration } from "../../kernel/configurations.ts";
import type { InstanceId, ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import type { Anchor } from "../../wire/anchor.ts";
import { HeaderRelay } from "../../wire/composition.ts";
import type { AssignRequest, Proposal } from "../../wire/messages.ts";
import type { Value } from "../../wire/value.ts";
import type { OrdererContext } from "../orderer.ts";
import { relayFanout } from "../passing-on.ts";
import { Assignments } from "./assignments.ts";
import { Authenticator } from "./authenticator.ts";
import { Fill } from "./fill.ts";
import { Grace } from "./grace.ts";
import { Headers } from "./headers.ts";
import { Instances } from "./instances.ts";
import type { Notice } from "./notices.ts";
import { OrderLog } from "./order-log.ts";
import { OrderPrimary } from "./order-primary.ts";
import type { OrderLimits, OrderList } from "./order-value.ts";
import { Oversight } from "./oversight.ts";
import { Punctuality } from "./punctuality.ts";
import { Reached } from "./reached.ts";
import type { DqbftRecipe } from "./recipe.ts";
import { Reinstatement } from "./reinstatement.ts";
import { Relays } from "./relays.ts";
import { Sequencer } from "./sequencer.ts";
import { Submissions } from "./submissions.ts";
import { Timer } from "./timers.ts";

/** Parts of a suspicion delay after which a slot is late, and its header passed on. */
const RELAYS_PER_SUSPICION = 4;

export interface RoomsOptions {
  readonly recipe: DqbftRecipe;
  readonly context: OrdererContext;
  readonly port: Port;
  readonly rootPort: Port;
  readonly jobs: Jobs;
}

/** The parts of the composition, and who of them hears of what. */
export class Rooms {
  readonly instances: Instances;
  readonly authenticator: Authenticator;
  readonly sequencer: Sequencer;
  readonly log: OrderLog;
  readonly orderPrimary: OrderPrimary;
  readonly oversight: Oversight;
  readonly fill: Fill;
  readonly relays: Relays;
  readonly grace: Grace;
  readonly reinstatement: Reinstatement;
  readonly assignments: Assignments = new Assignments();
  readonly submissions: Submissions = new Submissions();
  readonly reached: Reached;
  readonly #options: RoomsOptions;
  readonly #n: number;
  readonly #headers: Headers;
  readonly #punctuality: Punctuality;
  /** D-instances in foreign views. */
  readonly #away = new Set<ReplicaId>();
  #stable: SequenceNumber = 0;
  /** The configuration that the instances were told of. */
  #configuration: Configuration = 0;

  constructor(options: RoomsOptions) {
    this.#options = options;
    const { recipe, context, port, rootPort, jobs } = options;
    const { self, faults, parameters, hash } = context;
    const { n } = faults;
    this.#n = n;
    const limits = limitsOf(context);
    this.#headers = new Headers(n);
    this.#punctuality = new Punctuality(n);
    this.reached = new Reached(n + 1);
    this.log = new OrderLog(limits);
    this.authenticator = new Authenticator(recipe, context);
    this.instances = new Instances({
      recipe,
      context,
      limits,
      authenticator: this.authenticator,
      header: ({ instance, seq }) => this.#headers.get(instance, seq),
    });
    this.sequencer = this.#createSequencer(limits);
    const { instances, log, assignments } = this;
    const [headers, punctuality] = [this.#headers, this.#punctuality];
    // Spread last: an object that begins with a spread gets a shape of its own, and every access to it is slow.
    const common = { context, self, n, faults, hash, port, jobs, instances, log, headers, assignments };
    this.orderPrimary = new OrderPrimary({ punctuality, timer: Timer.OrderBatch, ...common });
    this.fill = new Fill({ rootPort, window: parameters.disseminationWindow, ...common });
    const { sequencer, fill } = this;
    this.oversight = new Oversight({ sequencer, fill, timer: Timer.Blame, ...common });
    this.relays = new Relays({
      timer: Timer.Relay,
      delay: Math.ceil(parameters.suspicionDelay / RELAYS_PER_SUSPICION),
      fanout: relayFanout(n),
      answersPulls: this.authenticator.answersPulls,
      unordered: (instance) => this.oversight.awaitOrder(instance),
      ...common,
    });
    this.grace = new Grace({
      timer: Timer.Grace,
      delay: parameters.graceDelay,
      show: (instance) => this.#show(instance),
      accuse: (instance, view) => this.oversight.accuse(instance, view),
      ...common,
    });
    this.reinstatement = new Reinstatement({
      rejoinTimer: Timer.Rejoin,
      grantTimer: Timer.Grant,
      delay: parameters.reinstatementDelay,
      executed: () => this.sequencer.executed,
      stable: () => this.#stable,
      members: context.members,
      granted: (instance) => this.oversight.reinstated(instance),
      ...common,
    });
  }

  /** Coordinators that serve no new commands. */
  get away(): readonly ReplicaId[] {
    return [...this.#away].sort((a, b) => a - b);
  }

  /** Acts on what the instances reported, once none of them is on the stack. Something has happened to this one. */
  settle(touched: InstanceId | null): void {
    for (;;) {
      const notices = this.instances.takeNotices();
      for (const notice of notices) this.#onNotice(notice);
      const blocked = this.sequencer.run();
      const moved = this.#reconfigure();
      if (blocked !== null) this.#pursue(blocked.instance, blocked.seq);
      this.fill.run();
      const proposed = this.orderPrimary.propose();
      if (proposed !== null) this.#onAccepted(proposed);
      if (proposed === null && notices.length === 0 && !moved) break;
    }
    for (const instance of this.log.takeMoved()) this.oversight.look(instance);
    if (touched !== null) this.#look(touched);
  }

  #look(instance: InstanceId): void {
    this.reached.note(instance, this.instances.of(instance));
    this.oversight.look(instance);
  }

  /** An admission is executed: every instance is sealed on its own (dqbft.md H13). */
  #reconfigure(): boolean {
    const { executed } = this.#options.context.members;
    if (executed <= this.#configuration) return false;
    this.#configuration = executed;
    for (const agreement of this.instances.all) agreement.reconfigure();
    return true;
  }

  /** The same, if anything may have happened to all of them. */
  settleAll(): void {
    this.settle(null);
    for (let instance = 0; instance <= this.#n; instance += 1) this.#look(instance);
  }

  /** The low watermark of an instance moves. */
  advance(instance: InstanceId, low: SequenceNumber, anchor: Anchor): void {
    this.instances.of(instance).advance(low, anchor);
    if (instance === this.instances.orderInstance) return;
    this.#headers.advance(instance, low);
    this.#punctuality.forget(instance, low);
  }

  onAnchor(anchor: Anchor): void {
    this.#stable = Math.max(this.#stable, anchor.seq);
    this.fill.onAnchor(anchor);
  }

  #onNotice(notice: Notice): void {
    switch (notice.type) {
      case "disseminating":
        return this.#onDisseminating(notice.instance, notice.proposal);
      case "disseminated":
        return this.#onDisseminated(notice.instance, notice.seq, notice.value);
      case "judged":
        return this.grace.onJudged(notice.evidence);
      case "ordering":
        this.log.accept(notice.seq, notice.list);
        return this.#onAccepted(notice.list);
      case "ordered":
        return this.#onOrdered(notice.seq, notice.list);
      case "entered":
        return this.#onEntered(notice.instance, notice.standing);
      case "left":
        return this.#onLeft(notice.instance);
    }
  }

  #onDisseminating(instance: ReplicaId, proposal: Proposal): void {
    const { view, active } = this.instances.of(instance);
    if (!active || proposal.view !== view) return;
    this.#headers.put(instance, proposal);
    this.#punctuality.onHeader(instance, proposal.seq);
    this.oversight.onDisseminating(instance, proposal);
    this.relays.onSlot();
  }

  #onDisseminated(instance: ReplicaId, seq: SequenceNumber, value: Value): void {
    this.#punctuality.onDecided(instance, seq);
    this.relays.onSlot();
    this.sequencer.onDisseminated(instance, seq, value);
    if (instance === this.#options.context.self) {
      const overwritten = this.submissions.decided(seq, value);
      if (overwritten !== null) this.#options.context.sequel.dropped(overwritten);
    }
    this.oversight.look(instance);
  }

  #onOrdered(seq: SequenceNumber, list: OrderList): void {
    this.log.decide(seq, list);
    this.sequencer.onOrdered(seq, list);
    this.#onAccepted(list);
    for (const entry of list.entries) {
      if (entry.type === "reference" && entry.instance < this.#n) {
        this.#pursue(entry.instance, this.log.owed(entry.instance));
      }
    }
  }

  #onAccepted(list: OrderList): void {
    this.oversight.onOrdering(this.assignments.onAccepted(list));
  }

  /** An ordered slot whose batch is not decided here. Its header may never have reached us: ask. */
  #pursue(instance: ReplicaId, seq: SequenceNumber): void {
    const agreement = this.instances.of(instance);
    if (agreement.known < seq) agreement.pursue(seq);
  }

  #onEntered(instance: InstanceId, standing: Standing): void {
    if (instance === this.instances.orderInstance) this.#onOrderEntered();
    else this.#onDisseminatorMoved(instance);
    this.grace.onEntered(instance);
    this.oversight.onEntered(instance);
    const { self, sequel } = this.#options.context;
    if (instance === self) {
      for (const value of this.submissions.dropAbove(standing.maximum)) sequel.dropped(value);
    }
    sequel.moved();
  }

  // dqbft.md 6: the new O-primary goes on from what its NewView proposes again, and gets what is not ordered from all.
  #onOrderEntered(): void {
    this.log.reopen();
    this.assignments.reopen(this.log.pending);
    this.relays.onSlot();
    const { context, port } = this.#options;
    const { primary } = this.instances.order;
    if (primary === context.self) return;
    const wishes: readonly AssignRequest[] = this.assignments.unproposed;
    for (const wish of wishes.slice(0, context.parameters.assignmentsMax)) port.send(primary, wish);
  }

  #onLeft(instance: InstanceId): void {
    if (instance !== this.instances.orderInstance) this.#onDisseminatorMoved(instance);
    this.oversight.look(instance);
  }

  /** It has left its view or entered one: no header of before is of use, and no command is proposed in a foreign view. */
  #onDisseminatorMoved(instance: ReplicaId): void {
    this.#headers.clear(instance);
    this.#punctuality.forget(instance);
    this.relays.onLeft(instance);
    this.fill.onView(instance);
    this.reinstatement.onView(instance);
    if (this.instances.of(instance).view % this.#n === 0) this.#away.delete(instance);
    else this.#away.add(instance);
  }

  /** A header of the newer view is proof of it, and where there is one its NewView can be had. */
  #show(instance: ReplicaId): void {
    const { primary } = this.instances.order;
    const [header] = this.#headers.above(instance, 0);
    if (header === undefined || primary === this.#options.context.self) return;
    this.#options.port.send(primary, new HeaderRelay(instance, header));
  }

  #createSequencer(limits: OrderLimits): Sequencer {
    const { parameters, sequel } = this.#options.context;
    const { checkpointPeriod, disseminationWindow } = parameters;
    return new Sequencer({
      limits,
      checkpointPeriod,
      disseminationWindow,
      sequel: {
        execute: (delivery) => {
          sequel.execute(delivery);
          const { coordinator, value } = delivery;
          this.oversight.onExecuted(coordinator, value, (this.sequencer.cut[coordinator] ?? 0) + 1);
        },
        checkpoint: (seq) => sequel.checkpoint(seq),
        assign: (request) => {
          sequel.assign(request);
          if (this.assignments.settle(request)) this.oversight.settleAssignment(request.client);
        },
      },
    });
  }
}

function limitsOf({ parameters, faults }: OrdererContext): OrderLimits {
  const { orderEntriesMax: entriesMax, referencesPerInstanceMax } = parameters;
  return { entriesMax, referencesPerInstanceMax, n: faults.n };
}
