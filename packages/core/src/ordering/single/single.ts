import type { Agreement, AgreementProtocol, InstanceAddress, Superior } from "../../agreement/agreement.ts";
import type { Job, JobResult, LogRecord, Watermark } from "../../effects/effects.ts";
import { Port } from "../../effects/port.ts";
import type { Digest, InstanceId, ReplicaId, SequenceNumber, TimerId } from "../../kernel/ids.ts";
import { invariant, present } from "../../kernel/invariant.ts";
import { type Anchor, openAnchor } from "../../wire/anchor.ts";
import type { Check } from "../../wire/check.ts";
import type { AssignRequest, Message, Status } from "../../wire/messages.ts";
import { DecodeError, Reader } from "../../wire/reader.ts";
import type { Request } from "../../wire/request.ts";
import type { Value } from "../../wire/value.ts";
import { Writer } from "../../wire/writer.ts";
import { batchChecks, judgeBatch } from "../batch-gate.ts";
import { instanceStatus } from "../instance-status.ts";
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
    const { self, outbox, hash, parameters } = context;
    this.#context = context;
    this.#protocol = protocol;
    const superior: Superior = {
      judge: ({ value }) => judgeBatch(present(value, "a fresh proposal has its value"), hash),
      proposed: () => {},
      committed: (seq, value) => void this.#decided.set(seq, value),
      entered: () => {},
      left: () => {},
      outrun: (anchor) => context.sequel.outrun(anchor),
    };
    const { orderWindow: window, pullDelay, viewChangeDelay } = parameters;
    const port = new Port(outbox, INSTANCE);
    const place = { port, superior, parameters: { window, pullDelay, viewChangeDelay } };
    this.#agreement = protocol.create({ self, hash, ...this.#address, ...place });
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

  readonly away: readonly ReplicaId[] = [];

  expect(_request: Request, _coordinator: ReplicaId): void {}

  served(_client: Digest, _timestamp: number): void {}

  checks(instance: InstanceId, message: Message): readonly Check[] | null {
    if (instance !== INSTANCE) return null;
    return batchChecks(this.#protocol, this.#address, message, this.#context.hash);
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

  stabilise(part: Uint8Array, anchor: Anchor): readonly Watermark[] {
    const seq = readPart(part);
    this.#agreement.advance(seq, anchor);
    this.#settle();
    return [{ instance: INSTANCE, seq }];
  }

  snapshot(): Uint8Array {
    return new Writer(6).u48(this.#executed).finish();
  }

  restore(part: Uint8Array, anchor: Anchor | null): void {
    this.#executed = readPart(part);
    this.#checkpoint = this.#executed;
    const low = anchor === null ? 0 : readPart(anchor.part);
    this.#agreement.startFrom(Math.min(low, this.#executed), anchor, this.#executed);
  }

  jump(anchor: Anchor): readonly Watermark[] {
    const seq = readPart(anchor.part);
    invariant(seq > this.#executed, "a state is transferred forwards");
    this.#executed = seq;
    this.#checkpoint = seq;
    for (const decided of this.#decided.keys()) if (decided <= seq) this.#decided.delete(decided);
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
    return [instanceStatus(INSTANCE, this.#agreement)];
  }

  get #address(): InstanceAddress {
    const { faults, hash } = this.#context;
    const lowOf = (anchor: Anchor): SequenceNumber | null => {
      const part = openAnchor(anchor, hash);
      return part === null ? null : tryPart(part);
    };
    return { instance: INSTANCE, home: 0, faults, lowOf, probation: () => 0 };
  }

  #settle(): void {
    for (;;) {
      const seq = this.#executed + 1;
      const value = this.#decided.get(seq);
      if (value === undefined) return;
      this.#decided.delete(seq);
      // Replicas may execute a slot in different views: then their shares meet further up the ladder of collectors.
      const coordinator = this.#agreement.primary;
      this.#context.sequel.execute({ seq, entry: 0, coordinator, value });
      this.#executed = seq;
      if (seq - this.#checkpoint < this.#context.parameters.checkpointPeriod) continue;
      this.#checkpoint = seq;
      this.#context.sequel.checkpoint(seq);
    }
  }
}

function readPart(part: Uint8Array): SequenceNumber {
  const input = new Reader(part);
  const executed = input.u48();
  input.end();
  return executed;
}

function tryPart(part: Uint8Array): SequenceNumber | null {
  try {
    return readPart(part);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** An agreement as its own orderer: `single(linearHybster)`. */
export function single(protocol: AgreementProtocol): OrderingProtocol {
  return { name: protocol.name, create: (context) => new Single(protocol, context) };
}
