import type { Effect, Job, JobResult, LogRecord } from "@destiny/core/effects/effects";
import type { Outbox } from "@destiny/core/effects/port";
import type { InstanceId, ReplicaId, TimerId } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import type { Driven } from "@destiny/core/replica/driven";
import type { RestoredCheckpoint } from "@destiny/core/replica/state-keeper";
import type { Check } from "@destiny/core/wire/check";
import { Certificate, type Message, MessageKind, Pull } from "@destiny/core/wire/messages";
import type { Request } from "@destiny/core/wire/request";
import { StatePages } from "@destiny/core/wire/state-transfer";

/** An event that the driver brought. */
export type ScriptedEvent =
  | { readonly type: "receive"; readonly from: ReplicaId; readonly mark: number }
  | { readonly type: "expire"; readonly instance: InstanceId; readonly timer: TimerId }
  | { readonly type: "complete"; readonly job: Job; readonly result: JobResult["type"] }
  | { readonly type: "restore"; readonly checkpoint: RestoredCheckpoint }
  | { readonly type: "recover"; readonly record: LogRecord }
  | { readonly type: "start" | "submit" | "reassign" };

/** A message that carries nothing but a number. */
export function marked(mark: number): Pull {
  return new Pull(mark, mark, false);
}

/** The same as something that a log keeps. */
export function markedRecord(mark: number): Certificate {
  const content = { view: 0, seq: mark, digest: "d".repeat(32), extension: 0 };
  return new Certificate({ kind: MessageKind.Commit, ...content, aggregate: new Uint8Array(48) });
}

/** The number that a {@link marked} message or record carries. */
export function markOf(message: Message): number {
  if (message instanceof Certificate) return message.seq;
  if (message instanceof StatePages) return message.ticket;
  invariant(message instanceof Pull, "a marked message");
  return message.first;
}

/** The pieces of a state that it carries, in hexadecimal, if any. */
export function stateIn(message: Message): { readonly state?: readonly string[] } {
  if (!(message instanceof StatePages)) return {};
  return { state: message.pieces.map((bytes) => Buffer.from(bytes).toString("hex")) };
}

/** Stands in for a replica: it notes what the driver does, and asks for what the test told it to. */
export class ScriptedReplica implements Driven {
  readonly events: ScriptedEvent[] = [];
  /** Events that came while another was being handled. */
  nested = 0;
  /** What must hold for a marked message: nothing, unless the test says otherwise. */
  checksOf: (mark: number) => readonly Check[] | null = () => [];
  readonly #outbox: Outbox;
  readonly #scripts = new Map<number, readonly Effect[]>();
  #busy = false;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** When a message with this mark arrives, these effects are asked for. */
  onMark(mark: number, effects: readonly Effect[]): void {
    this.#scripts.set(mark, effects);
  }

  checks(_instance: InstanceId, message: Message): readonly Check[] | null {
    return this.checksOf(markOf(message));
  }

  receive(from: ReplicaId, _instance: InstanceId, message: Message): void {
    const mark = markOf(message);
    this.#handle({ type: "receive", from, mark }, this.#scripts.get(mark) ?? []);
  }

  submit(_request: Request): void {
    this.#handle({ type: "submit" });
  }

  reassign(): void {
    this.#handle({ type: "reassign" });
  }

  expire(instance: InstanceId, timer: TimerId): void {
    this.#handle({ type: "expire", instance, timer });
  }

  complete(job: Job, result: JobResult): void {
    this.#handle({ type: "complete", job, result: result.type });
  }

  restore(checkpoint: RestoredCheckpoint): void {
    this.#handle({ type: "restore", checkpoint });
  }

  recover(record: LogRecord): void {
    this.#handle({ type: "recover", record });
  }

  start(): void {
    this.#handle({ type: "start" });
  }

  announce(): void {}

  #handle(event: ScriptedEvent, effects: readonly Effect[] = []): void {
    if (this.#busy) this.nested += 1;
    this.#busy = true;
    this.events.push(event);
    for (const effect of effects) this.#outbox.push(effect);
    this.#busy = false;
  }
}
