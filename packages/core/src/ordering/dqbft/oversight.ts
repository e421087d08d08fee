import type { Jobs } from "../../effects/jobs.ts";
import type { Port } from "../../effects/port.ts";
import type { Digest, InstanceId, ReplicaId, SequenceNumber, TimerId, View } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
import { proposalWindowOf } from "../../kernel/slot-ring.ts";
import { requestsOf } from "../../wire/batch.ts";
import type { Check } from "../../wire/check.ts";
import type { Proposal } from "../../wire/messages.ts";
import type { Request } from "../../wire/request.ts";
import type { Complaint } from "../../wire/suspicion.ts";
import type { Value } from "../../wire/value.ts";
import type { OrdererContext } from "../orderer.ts";
import { Blame } from "../suspicion/blame.ts";
import { type Key, Row } from "../suspicion/stopwatches.ts";
import type { Watch, WatchAccount } from "../suspicion/watch.ts";
import type { Assignments } from "./assignments.ts";
import { Expectations } from "./expectations.ts";
import type { Fill } from "./fill.ts";
import type { Headers } from "./headers.ts";
import type { InstanceTable } from "./instances.ts";
import type { OrderLog } from "./order-log.ts";
import type { Sequencer } from "./sequencer.ts";

/** O-slots that may pass without a reference to what is disseminated: `F_O` of dqbft.md 11, and half of it until help comes. */
const ORDER_TWIN = 64;
/** Windows of own-view slots that may pass without a client's command: `F_D`. */
const PROPOSAL_TWIN_WINDOWS = 4;

export interface OversightOptions {
  readonly context: OrdererContext;
  readonly instances: InstanceTable;
  readonly log: OrderLog;
  readonly assignments: Assignments;
  readonly sequencer: Pick<Sequencer, "cut">;
  readonly fill: Fill;
  readonly headers: Headers;
  readonly port: Port;
  readonly jobs: Jobs;
  readonly timer: TimerId;
}

/** What each primary owes, and who is to blame if it does not come: the blame table of dqbft.md 8 for all instances. */
export class Oversight {
  readonly #options: OversightOptions;
  readonly #blame: Blame;
  readonly #watches: readonly Watch[];
  readonly #expectations: Expectations;
  /** By D-instance: the slot that waits to be ordered, and the one that waits to be filled; 0 if none. */
  readonly #unordered: SequenceNumber[];
  readonly #unfilled: SequenceNumber[];
  /** Instances whose window is full, so that one of their rows is paused. */
  readonly #full = new Set<InstanceId>();

  constructor(options: OversightOptions) {
    this.#options = options;
    const { context, port, jobs, timer, instances } = options;
    const { self, faults, parameters, sequel } = context;
    const behind = (): boolean => sequel.behind;
    this.#blame = new Blame({ self, faults, port, jobs, timer, parameters, behind });
    this.#watches = instances.all.map((agreement, instance) => {
      const period =
        instance < faults.n ? parameters.disseminationWindow : Math.max(1, parameters.checkpointPeriod);
      const help = (row: Row, key: Key): void => this.#help(instance, row, key);
      return this.#blame.watch({ instance, agreement, period, help });
    });
    this.#expectations = new Expectations(faults.n);
    this.#unordered = new Array<SequenceNumber>(faults.n).fill(0);
    this.#unfilled = new Array<SequenceNumber>(faults.n).fill(0);
  }

  checks(complaint: Complaint): readonly Check[] | null {
    return this.#blame.checks(complaint);
  }

  onComplaint(complaint: Complaint): void {
    this.#blame.receive(complaint);
  }

  expire(): void {
    this.#blame.expire();
  }

  /** What was seen of the instance since the start, for people. */
  account(instance: InstanceId): WatchAccount {
    return this.#watch(instance).account;
  }

  /** The primary of this view of an instance has done what no correct one does. */
  accuse(instance: InstanceId, view: View): void {
    this.#watch(instance).accuse(view);
  }

  /** The D-instance goes to a view of its home. */
  reinstated(instance: ReplicaId): void {
    this.#watch(instance).reinstated();
  }

  // dqbft.md 8, first row: in own views only, where commands may be proposed (H25).
  expect(request: Request, coordinator: ReplicaId): void {
    const before = this.#expectations.expect(request, coordinator);
    if (before !== null) this.#watch(before).stop(Row.Proposal, request.client);
    if (!this.#isHome(coordinator)) return;
    const executed = this.#options.sequencer.cut[coordinator] ?? 0;
    if (!this.#isProposed(coordinator, request, executed)) this.#expectFrom(coordinator, request.client);
  }

  served(client: Digest, timestamp: number): void {
    const coordinator = this.#expectations.served(client, timestamp);
    if (coordinator !== null) this.#watch(coordinator).stop(Row.Proposal, client);
  }

  /** A D-instance has accepted a proposal. */
  onDisseminating(instance: ReplicaId, { value }: Proposal): void {
    if (value === null || !this.#expectations.any(instance)) return;
    const watch = this.#watch(instance);
    watch.count(Row.Proposal);
    for (const request of requestsOf(value, this.#options.context.hash)) {
      if (this.#expectations.isMet(instance, request)) watch.stop(Row.Proposal, request.client);
    }
  }

  /** A batch has had its turn in the order. What it did not serve is to be proposed once more. */
  onExecuted(coordinator: ReplicaId, value: Value, executed: SequenceNumber): void {
    if (!this.#expectations.any(coordinator) || !this.#isHome(coordinator)) return;
    for (const { client } of requestsOf(value, this.#options.context.hash)) {
      const timestamp = this.#expectations.expected(coordinator, client);
      if (timestamp === 0 || this.#isProposed(coordinator, { client, timestamp }, executed)) continue;
      this.#expectFrom(coordinator, client);
    }
  }

  /** A client's wish is on its way into the order. */
  onAssignment(client: Digest): void {
    this.#watch(this.#options.instances.orderInstance).start(Row.Assign, client);
  }

  /** It has executed, or a newer one. */
  settleAssignment(client: Digest): void {
    this.#watch(this.#options.instances.orderInstance).stop(Row.Assign, client);
  }

  /** An O-value is accepted, in which these clients' wishes are. Others have their turn: the time begins anew. */
  onOrdering(served: readonly Digest[]): void {
    const watch = this.#watch(this.#options.instances.orderInstance);
    watch.count(Row.Order);
    if (served.length === 0) return;
    for (const client of served) watch.stop(Row.Assign, client);
    watch.restart(Row.Assign);
  }

  /** An instance has entered a view: what is owed there begins anew. */
  onEntered(instance: InstanceId): void {
    const { instances, assignments } = this.#options;
    const watch = this.#watch(instance);
    watch.follow();
    if (instance === instances.orderInstance) {
      watch.stopAll(Row.Assign);
      for (const { client } of assignments.unproposed) watch.start(Row.Assign, client);
      return;
    }
    watch.stopAll(Row.Proposal);
    if (!this.#isHome(instance)) return;
    for (const client of this.#expectations.of(instance)) this.#expectFrom(instance, client);
  }

  /** Something has happened to this instance, or to what the O-log says of it. */
  look(instance: InstanceId): void {
    this.#watch(instance).follow();
    if (instance === this.#options.instances.orderInstance) return this.#lookAtOrder();
    const { context, log, instances } = this.#options;
    const { known, low, decided } = instances.of(instance);
    const high = low + context.parameters.disseminationWindow;
    this.#pause(
      instance,
      Row.Proposal,
      known >= low + proposalWindowOf(context.parameters.disseminationWindow),
    );
    const due = this.#unordered[instance] ?? 0;
    if (due > 0 && due !== log.next(instance)) this.awaitOrder(instance);
    const owed = Math.min(log.owed(instance), high);
    this.#await(instance, decided < owed ? decided + 1 : 0);
  }

  #lookAtOrder(): void {
    const { context, log, instances } = this.#options;
    const { low } = instances.order;
    this.#pause(
      instances.orderInstance,
      Row.Order,
      log.accepted >= low + proposalWindowOf(context.parameters.orderWindow),
    );
  }

  #pause(instance: InstanceId, row: Row, full: boolean): void {
    if (full === this.#full.has(instance)) return;
    if (full) {
      this.#full.add(instance);
      this.#watch(instance).pause(row);
    } else {
      this.#full.delete(instance);
      this.#watch(instance).resume(row);
    }
  }

  /**
   * A slot is decided and not ordered for some time. If the proof is here that it is disseminated, the O-primary owes its
   * reference (H30: the same bytes at every step). Not asked at once: where votes are no proof, it has to be fetched.
   */
  awaitOrder(instance: ReplicaId): void {
    const { log, instances, context } = this.#options;
    const next = log.next(instance);
    const agreement = instances.of(instance);
    const due = agreement.hasDecided(next) && agreement.certificate(next) !== null ? next : 0;
    if (due === this.#unordered[instance]) return;
    const watch = this.#watch(instances.orderInstance);
    watch.stop(Row.Order, instance);
    this.#unordered[instance] = due;
    if (due === 0) return;
    const { referencesPerInstanceMax, orderEntriesMax } = context.parameters;
    const { n } = context.faults;
    const turn = Math.ceil(((n + 1) * referencesPerInstanceMax) / orderEntriesMax);
    watch.start(Row.Order, instance, ORDER_TWIN + turn);
  }

  #await(instance: ReplicaId, slot: SequenceNumber): void {
    if (slot === this.#unfilled[instance]) return;
    const watch = this.#watch(instance);
    watch.stop(Row.Fill, this.#unfilled[instance]);
    this.#unfilled[instance] = slot;
    if (slot > 0) watch.start(Row.Fill, slot);
  }

  /** Whether a batch above this slot contains the request, or a later one of its client. */
  #isProposed(
    coordinator: ReplicaId,
    { client, timestamp }: Pick<Request, "client" | "timestamp">,
    above: SequenceNumber,
  ): boolean {
    const { headers, context } = this.#options;
    return headers.some(coordinator, above, (value) =>
      requestsOf(value, context.hash).some(
        (proposed) => proposed.client === client && proposed.timestamp >= timestamp,
      ),
    );
  }

  #expectFrom(coordinator: ReplicaId, client: Digest): void {
    const { disseminationWindow } = this.#options.context.parameters;
    this.#watch(coordinator).start(Row.Proposal, client, PROPOSAL_TWIN_WINDOWS * disseminationWindow);
  }

  /** Help first: half the time is over, so the accused gets what it may lack. */
  #help(instance: InstanceId, row: Row, key: Key): void {
    const { context, fill, instances, log, assignments, port } = this.#options;
    if (row === Row.Proposal) {
      if (!context.sequel.forward(String(key))) this.#watch(instance).stop(row, key);
      return;
    }
    if (row === Row.Fill) return fill.ask(instance);
    const { primary } = instances.order;
    if (primary === context.self) return;
    if (row === Row.Order) {
      const home = Number(key);
      const evidence = instances.of(home).certificate(log.next(home));
      if (evidence !== null) instances.port(home).send(primary, evidence.message);
    } else if (row === Row.Assign) {
      const wish = assignments.unproposed.find(({ client }) => client === key);
      if (wish !== undefined) port.send(primary, wish);
    }
  }

  #isHome(instance: ReplicaId): boolean {
    return this.#options.instances.of(instance).view % this.#options.context.faults.n === 0;
  }

  #watch(instance: InstanceId): Watch {
    return present(this.#watches[instance], "an instance of this cluster");
  }
}
