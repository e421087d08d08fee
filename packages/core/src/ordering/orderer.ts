import type { Members } from "../agreement/agreement.ts";
import type { Job, JobResult, LogRecord, Watermark } from "../effects/effects.ts";
import type { Outbox } from "../effects/port.ts";
import type { FaultModel } from "../kernel/fault-model.ts";
import type { Digest, InstanceId, ReplicaId, SequenceNumber, TimerId, View } from "../kernel/ids.ts";
import type { Parameters } from "../parameters.ts";
import type { Anchor } from "../wire/anchor.ts";
import type { Check } from "../wire/check.ts";
import type { AssignRequest, Message, Status } from "../wire/messages.ts";
import type { Request } from "../wire/request.ts";
import type { Hash, Value } from "../wire/value.ts";
import type { WatchAccount } from "./suspicion/watch.ts";

/** One ordered entry, ready to execute (DQBFT 3.2.2). */
export interface Delivery {
  /** Slot of the global order. */
  readonly seq: SequenceNumber;
  /** Place within the slot. */
  readonly entry: number;
  /** The replica whose instance disseminated it: rank 0 of its execution collectors. */
  readonly coordinator: ReplicaId;
  readonly value: Value;
}

/**
 * The replica around an orderer. From these it calls nothing of the orderer back but `snapshot`, from `checkpoint`, and what
 * only takes notes: `expect` and `served`.
 */
export interface Sequel {
  /** Executes the next entry of the one order. */
  execute(delivery: Delivery): void;
  /** Executes an assignment whose place in the order has come. */
  assign(assignment: AssignRequest): void;
  /** Whether executing the assignment would still change anything, as far as this replica has executed. */
  wants(assignment: AssignRequest): boolean;
  /** A slot is executed to its end, and a checkpoint is due after it (dqbft.md 4.4). */
  checkpoint(seq: SequenceNumber): void;
  /** An instance has moved to a stable checkpoint above what is executed here: the state must be transferred. */
  outrun(anchor: Anchor): void;
  /** Whether this replica is behind: a stable checkpoint above its execution is known. Then it accuses nobody (dqbft.md 8). */
  readonly behind: boolean;
  /**
   * Sends the coordinator what waits of this client here: half the time that it has is over (dqbft.md 8, help first). False
   * if nothing does: then nobody can be blamed for it.
   */
  forward(client: Digest): boolean;
  /** A value that this replica submitted is not decided where it was proposed, and never will be there (dqbft.md 4.1, re-queue). */
  dropped(value: Value): void;
  /** Who coordinates clients may have changed: a view was entered. */
  moved(): void;
}

export interface OrdererContext {
  readonly self: ReplicaId;
  readonly faults: FaultModel;
  readonly outbox: Outbox;
  readonly hash: Hash;
  readonly parameters: Parameters;
  readonly members: Members;
  readonly sequel: Sequel;
  /** Replicas of which nothing has been heard lately: a hint, which instances add to and take from, too. */
  readonly silent: Set<ReplicaId>;
}

/** How far one instance is, for people. */
export interface InstanceStatus extends WatchAccount {
  readonly instance: InstanceId;
  /** The view that it is in, or on its way to. */
  readonly view: View;
  /** Of that view. */
  readonly primary: ReplicaId;
  /** Whether it is in the view: else it is changing views. */
  readonly active: boolean;
  /** Last slot of the probation of the view that it entered last (dqbft.md 4.2); 0 if there is none. */
  readonly probation: SequenceNumber;
  readonly low: SequenceNumber;
  readonly decided: SequenceNumber;
  readonly known: SequenceNumber;
}

/** Turns batches submitted anywhere into one sequence, the same at every correct replica. A replica knows only this. */
export interface Orderer {
  /** Who coordinates all clients; null if each client is assigned its own, and only that one's proposals of its commands count. */
  readonly soleCoordinator: ReplicaId | null;
  /** Whether this replica may submit a value now. */
  readonly maySubmit: boolean;
  /** Whether everything that this replica submitted has executed: a hint for batching, never a throttle (C9). */
  readonly idle: boolean;
  submit(value: Value): void;
  /** A client's wish for another coordinator, authentic, on its way into the order. */
  reassign(request: AssignRequest): void;
  /**
   * This replica has seen a client's request that the coordinator has to propose in time: `T_D` (dqbft.md 8, first row). Said
   * again when the client's coordinator changes.
   */
  expect(request: Request, coordinator: ReplicaId): void;
  /** Nothing of this client up to the timestamp is waited for any more: it has executed, or never will. */
  served(client: Digest, timestamp: number): void;
  /** Coordinators that serve no new commands: their instances are in foreign views (H25). */
  readonly away: readonly ReplicaId[];
  /** Last slot of the global order that is executed. */
  readonly executed: SequenceNumber;
  /** Whether to look into a message at all, before its checks: not, where a peer sends more than anybody needs. All if absent. */
  admits?(from: ReplicaId, instance: InstanceId, message: Message): boolean;
  /** What must hold for a message to be authentic, or null if it is none for this instance. */
  checks(instance: InstanceId, message: Message): readonly Check[] | null;
  /** False if nothing came of it but one vote more somewhere: then nothing else can have become possible either. */
  receive(from: ReplicaId, instance: InstanceId, message: Message): boolean;
  expire(instance: InstanceId, timer: TimerId): void;
  /** False if nothing came of it that others than the instance could see, as with {@link receive}. */
  complete(job: Job, result: JobResult): boolean;
  /** Decided prefixes, in the order of instances. */
  decided(): SequenceNumber[];
  /** The views that instances are in, in their order: 0 for one that has entered none yet. */
  views(): View[];
  /** A peer says how far it is: get what is missing here, and show it views that have passed it by. */
  pursue(from: ReplicaId, status: Status): void;
  /**
   * The newest stable checkpoint known, and the part of the newest one that was taken here and that it covers: what that
   * covers may be forgotten.
   */
  stabilise(part: Uint8Array, anchor: Anchor): readonly Watermark[];
  /** The orderer's part of the replicated state. */
  snapshot(): Uint8Array;
  /** Before {@link recover}: restarts from such a part; the anchor is the newest known. Throws DecodeError. */
  restore(part: Uint8Array, anchor: Anchor | null): void;
  /** Goes on from a transferred state, whose anchor this is. Throws DecodeError. */
  jump(anchor: Anchor): readonly Watermark[];
  recover(record: LogRecord): void;
  resume(): void;
  status(): readonly InstanceStatus[];
}

/** A way to make an orderer: `single(agreement)`, `dqbft({ disseminate, order })`. */
export interface OrderingProtocol {
  readonly name: string;
  create(context: OrdererContext): Orderer;
}
