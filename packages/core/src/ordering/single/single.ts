import {
  type Agreement,
  type AgreementProtocol,
  type InstanceAddress,
  type Standing,
  type Superior,
  Verdict,
} from "../../agreement/agreement.ts";
import type { Job, JobResult, LogRecord, Watermark } from "../../effects/effects.ts";
import { Jobs } from "../../effects/jobs.ts";
import { Port } from "../../effects/port.ts";
import type { Configuration } from "../../kernel/configurations.ts";
import {
  COUNTER_MAX,
  type Digest,
  type InstanceId,
  type ReplicaId,
  type SequenceNumber,
  type TimerId,
  type View,
} from "../../kernel/ids.ts";
import { invariant, present } from "../../kernel/invariant.ts";
import { proposalWindowOf } from "../../kernel/slot-ring.ts";
import type { Anchor } from "../../wire/anchor.ts";
import { requestsOf } from "../../wire/batch.ts";
import type { Check } from "../../wire/check.ts";
import type { AssignRequest, Message, Status } from "../../wire/messages.ts";
import type { Request } from "../../wire/request.ts";
import { Complaint } from "../../wire/suspicion.ts";
import type { Value } from "../../wire/value.ts";
import { batchChecks, judgeBatch } from "../batch-gate.ts";
import { COMPOSITION } from "../composition.ts";
import { instanceStatus } from "../instance-status.ts";
import type { InstanceStatus, Orderer, OrdererContext, OrderingProtocol } from "../orderer.ts";
import { AwaitedRequests } from "../suspicion/awaited-requests.ts";
import { Blame } from "../suspicion/blame.ts";
import { type Key, Row } from "../suspicion/stopwatches.ts";
import type { Watch } from "../suspicion/watch.ts";
import { decodePart, encodePart, lowIn } from "./single-part.ts";

const INSTANCE: InstanceId = 0;
const BLAME_TIMER: TimerId = 1;
/** `F_D` of dqbft.md 11, in windows. */
const TWIN_WINDOWS = 4;

/** What the instance told us, until it is not on the stack. */
type Notice =
  | { readonly type: "proposed"; readonly value: Value }
  | { readonly type: "entered"; readonly standing: Standing };

/** One instance orders everything: the base protocol as its own paper has it. Only its primary submits. */
class Single implements Orderer {
  readonly #context: OrdererContext;
  readonly #protocol: AgreementProtocol;
  readonly #agreement: Agreement;
  readonly #jobs: Jobs;
  readonly #blame: Blame;
  readonly #watch: Watch;
  readonly #awaited: AwaitedRequests;
  readonly #notices: Notice[] = [];
  /** Decided slots that wait for earlier ones. */
  readonly #decided = new Map<SequenceNumber, Value>();
  /** What this replica proposed and has not executed: a view change may drop it. */
  readonly #submitted = new Map<SequenceNumber, Value>();
  #executed: SequenceNumber = 0;
  #checkpoint: SequenceNumber = 0;
  /** The configuration that the instance was told of. */
  #configuration: Configuration = 0;

  constructor(protocol: AgreementProtocol, context: OrdererContext) {
    const { self, outbox, parameters } = context;
    this.#context = context;
    this.#protocol = protocol;
    const { orderWindow: window, pullDelay, viewChangeDelay } = parameters;
    const port = new Port(outbox, INSTANCE);
    const place = {
      port,
      superior: this.#superior(),
      parameters: { window, pullDelay, viewChangeDelay },
      silent: context.silent,
    };
    this.#agreement = protocol.create({ self, ...this.#address, ...place });
    const blamePort = new Port(outbox, COMPOSITION);
    this.#jobs = new Jobs(blamePort);
    const { faults, sequel } = context;
    const clock = { timer: BLAME_TIMER, parameters, behind: () => sequel.behind };
    this.#blame = new Blame({ self, faults, port: blamePort, jobs: this.#jobs, ...clock });
    this.#watch = this.#blame.watch({
      instance: INSTANCE,
      agreement: this.#agreement,
      period: parameters.checkpointPeriod,
      help: (row, key) => this.#help(row, key),
    });
    this.#awaited = new AwaitedRequests(this.#watch, TWIN_WINDOWS * window);
  }

  get soleCoordinator(): ReplicaId {
    return this.#agreement.primary;
  }

  get maySubmit(): boolean {
    return this.#agreement.mayPropose;
  }

  get idle(): boolean {
    return this.#executed === this.#agreement.known;
  }

  get executed(): SequenceNumber {
    return this.#executed;
  }

  submit(value: Value): void {
    this.#submitted.set(this.#agreement.propose(value, []), value);
    this.#settle();
  }

  /** There is one coordinator, whoever is primary. */
  reassign(_request: AssignRequest): void {}

  readonly away: readonly ReplicaId[] = [];

  expect({ client, timestamp }: Request, _coordinator: ReplicaId): void {
    this.#awaited.expect(client, timestamp);
  }

  served(client: Digest, timestamp: number): void {
    this.#awaited.served(client, timestamp);
  }

  checks(instance: InstanceId, message: Message): readonly Check[] | null {
    if (message instanceof Complaint) return instance === COMPOSITION ? this.#blame.checks(message) : null;
    if (instance !== INSTANCE) return null;
    return batchChecks(this.#protocol, this.#address, message, this.#context.hash);
  }

  receive(from: ReplicaId, _instance: InstanceId, message: Message): boolean {
    if (message instanceof Complaint) this.#blame.receive(message);
    else this.#agreement.receive(from, message);
    this.#settle();
    return true;
  }

  expire(instance: InstanceId, timer: TimerId): void {
    if (instance === COMPOSITION) this.#blame.expire();
    else this.#agreement.expire(timer);
    this.#settle();
  }

  complete(job: Job, result: JobResult): boolean {
    if (job.instance === COMPOSITION) this.#jobs.complete(job.ticket, result);
    else this.#agreement.complete(job.ticket, result);
    this.#settle();
    return true;
  }

  decided(): SequenceNumber[] {
    return [this.#agreement.decided];
  }

  views(): View[] {
    return [this.#agreement.standing.view];
  }

  pursue(from: ReplicaId, { decided, views }: Status): void {
    this.#agreement.pursue(decided[INSTANCE] ?? 0);
    if ((views[INSTANCE] ?? 0) < this.#agreement.standing.view) this.#agreement.show(from);
    this.#settle();
  }

  stabilise(part: Uint8Array, anchor: Anchor): readonly Watermark[] {
    const seq = decodePart(part);
    this.#agreement.advance(seq, anchor);
    this.#settle();
    return [{ instance: INSTANCE, seq }];
  }

  snapshot(): Uint8Array {
    return encodePart(this.#executed);
  }

  restore(part: Uint8Array, anchor: Anchor | null): void {
    this.#executed = decodePart(part);
    this.#checkpoint = this.#executed;
    const low = anchor === null ? 0 : decodePart(anchor.part);
    this.#agreement.startFrom(Math.min(low, this.#executed), anchor, this.#executed);
  }

  jump(anchor: Anchor): readonly Watermark[] {
    const seq = decodePart(anchor.part);
    invariant(seq > this.#executed, "a state is transferred forwards");
    this.#executed = seq;
    this.#checkpoint = seq;
    for (const decided of this.#decided.keys()) if (decided <= seq) this.#decided.delete(decided);
    this.#drop((submitted) => submitted <= seq);
    this.#agreement.advance(seq, anchor);
    this.#settle();
    return [{ instance: INSTANCE, seq }];
  }

  recover(record: LogRecord): void {
    this.#agreement.recover(record);
  }

  resume(): void {
    this.#agreement.resume();
    this.#settle();
  }

  status(): readonly InstanceStatus[] {
    return [instanceStatus(INSTANCE, this.#agreement, this.#watch.account)];
  }

  get #address(): InstanceAddress {
    const { faults, members, hash } = this.#context;
    const lowOf = (anchor: Anchor): SequenceNumber | null => lowIn(anchor, hash);
    return { instance: INSTANCE, home: 0, faults, members, lowOf, probation: () => 0, hash };
  }

  #superior(): Superior {
    const { hash, sequel } = this.#context;
    return {
      judge: ({ view, value }) => {
        const verdict = judgeBatch(present(value, "a fresh proposal has its value"), hash);
        if (verdict === Verdict.Fault) this.#watch.accuse(view);
        return verdict;
      },
      proposed: ({ value }) => {
        if (value !== null) this.#notices.push({ type: "proposed", value });
      },
      committed: (seq, value) => void this.#decided.set(seq, value),
      entered: (standing) => void this.#notices.push({ type: "entered", standing }),
      left: () => {},
      outrun: (anchor) => sequel.outrun(anchor),
    };
  }

  /** Acts on what the instance reported, once it is not on the stack. */
  #settle(): void {
    for (const notice of this.#notices.splice(0)) this.#onNotice(notice);
    while (this.#executeNext());
    this.#reconfigure();
    this.#watch.follow();
    const { known, low } = this.#agreement;
    if (known >= low + proposalWindowOf(this.#context.parameters.orderWindow))
      this.#watch.pause(Row.Proposal);
    else this.#watch.resume(Row.Proposal);
  }

  #reconfigure(): void {
    const { executed } = this.#context.members;
    if (executed <= this.#configuration) return;
    this.#configuration = executed;
    this.#agreement.reconfigure();
  }

  #onNotice(notice: Notice): void {
    if (notice.type === "proposed") {
      return this.#awaited.onProposed(requestsOf(notice.value, this.#context.hash));
    }
    // What was proposed up to the maximum is proposed again, or something else there: its turn will tell.
    this.#drop((seq) => seq > notice.standing.maximum);
    this.#awaited.restart();
    this.#context.sequel.moved();
  }

  /** Gives back what this replica proposed at such slots. */
  #drop(isLost: (seq: SequenceNumber) => boolean): void {
    for (const [seq, value] of this.#submitted) {
      if (!isLost(seq)) continue;
      this.#submitted.delete(seq);
      this.#context.sequel.dropped(value);
    }
  }

  #executeNext(): boolean {
    const { hash, sequel, parameters, self } = this.#context;
    const seq = this.#executed + 1;
    const value = this.#decided.get(seq);
    if (value === undefined) return false;
    this.#decided.delete(seq);
    // Replicas may execute a slot in different views: then their shares meet further up the ladder of collectors.
    const coordinator = this.#agreement.primary;
    sequel.execute({ seq, entry: 0, coordinator, value });
    this.#executed = seq;
    this.#awaited.onExecuted(requestsOf(value, hash));
    const submitted = this.#submitted.get(seq);
    this.#submitted.delete(seq);
    const overwritten = coordinator !== self || submitted?.digest !== value.digest;
    if (submitted !== undefined && overwritten) sequel.dropped(submitted);
    if (seq - this.#checkpoint >= parameters.checkpointPeriod) {
      this.#checkpoint = seq;
      sequel.checkpoint(seq);
    }
    return true;
  }

  /** Half the time is over: the primary gets what it may lack, and others are asked whether they know more. */
  #help(row: Row, key: Key): void {
    if (row === Row.Decision) return this.#agreement.pursue(this.#agreement.known);
    const client = String(key);
    if (row === Row.Proposal && !this.#context.sequel.forward(client)) {
      this.#awaited.served(client, COUNTER_MAX);
    }
  }
}

/** An agreement as its own orderer: `single(linearHybster)`. */
export function single(protocol: AgreementProtocol): OrderingProtocol {
  return { name: protocol.name, create: (context) => new Single(protocol, context) };
}
