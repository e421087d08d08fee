import type { Agreement, AgreementProtocol, Superior } from "../../agreement/agreement.ts";
import type { Job, JobResult, LogRecord, Watermark } from "../../effects/effects.ts";
import { Port } from "../../effects/port.ts";
import type { InstanceId, ReplicaId, SequenceNumber, TimerId } from "../../kernel/ids.ts";
import { invariant } from "../../kernel/invariant.ts";
import type { Check } from "../../wire/check.ts";
import type { AssignRequest, Message, Status } from "../../wire/messages.ts";
import { Reader } from "../../wire/reader.ts";
import type { Value } from "../../wire/value.ts";
import { Writer } from "../../wire/writer.ts";
import { batchChecks, judgeBatch } from "../batch-gate.ts";
import type { InstanceStatus, Orderer, OrdererContext, OrderingProtocol } from "../orderer.ts";

const INSTANCE: InstanceId = 0;

/** One instance orders everything: the base protocol as its own paper has it. Only its primary submits. */
class Single implements Orderer {
  readonly #context: OrdererContext;
  readonly #protocol: AgreementProtocol;
  readonly #agreement: Agreement;
  /** Decided slots that wait for earlier ones. */
  readonly #decided = new Map<SequenceNumber, Value>();
  #executed: SequenceNumber = 0;
  #checkpoint: SequenceNumber = 0;

  constructor(protocol: AgreementProtocol, context: OrdererContext) {
    const { self, faults, outbox, hash, parameters } = context;
    this.#context = context;
    this.#protocol = protocol;
    const superior: Superior = {
      judge: (_seq, value) => judgeBatch(value, hash),
      proposed: () => {},
      committed: (seq, value) => void this.#decided.set(seq, value),
    };
    const { orderWindow: window, pullDelay } = parameters;
    const port = new Port(outbox, INSTANCE);
    const place = { instance: INSTANCE, home: 0, port, superior, parameters: { window, pullDelay } };
    this.#agreement = protocol.create({ self, faults, hash, ...place });
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
    this.#agreement.propose(value, []);
    this.#settle();
  }

  /** There is one coordinator, whoever is primary. */
  reassign(_request: AssignRequest): void {}

  checks(instance: InstanceId, message: Message): readonly Check[] | null {
    if (instance !== INSTANCE) return null;
    const { faults, hash } = this.#context;
    return batchChecks(this.#protocol, { instance, home: 0, faults }, message, hash);
  }

  receive(from: ReplicaId, _instance: InstanceId, message: Message): void {
    this.#agreement.receive(from, message);
    this.#settle();
  }

  expire(_instance: InstanceId, timer: TimerId): void {
    this.#agreement.expire(timer);
    this.#settle();
  }

  complete(job: Job, result: JobResult): void {
    this.#agreement.complete(job.ticket, result);
    this.#settle();
  }

  decided(): SequenceNumber[] {
    return [this.#agreement.decided];
  }

  pursue(status: Status): void {
    this.#agreement.pursue(status.decided[INSTANCE] ?? 0);
    this.#settle();
  }

  stabilise(seq: SequenceNumber): readonly Watermark[] {
    this.#agreement.advance(seq);
    this.#settle();
    return [{ instance: INSTANCE, seq }];
  }

  snapshot(): Uint8Array {
    return new Writer(6).u48(this.#executed).finish();
  }

  restore(snapshot: Uint8Array): void {
    const input = new Reader(snapshot);
    this.#executed = input.u48();
    input.end();
    this.#checkpoint = this.#executed;
    this.#agreement.startFrom(this.#executed);
  }

  recover(record: LogRecord): void {
    this.#agreement.recover(record);
  }

  resume(): void {
    this.#agreement.resume();
    this.#settle();
  }

  status(): readonly InstanceStatus[] {
    const { view, primary, low, decided, known } = this.#agreement;
    return [{ instance: INSTANCE, view, primary, low, decided, known }];
  }

  #settle(): void {
    for (;;) {
      const seq = this.#executed + 1;
      const value = this.#decided.get(seq);
      if (value === undefined) return;
      this.#decided.delete(seq);
      const { view, primary } = this.#agreement;
      invariant(view === 0, "view 0 until view changes exist, so every slot has the same proposer");
      this.#context.sequel.execute({ seq, entry: 0, coordinator: primary, value });
      this.#executed = seq;
      if (seq - this.#checkpoint < this.#context.parameters.checkpointPeriod) continue;
      this.#checkpoint = seq;
      this.#context.sequel.checkpoint(seq);
    }
  }
}

/** An agreement as its own orderer: `single(linearHybster)`. */
export function single(protocol: AgreementProtocol): OrderingProtocol {
  return { name: protocol.name, create: (context) => new Single(protocol, context) };
}
