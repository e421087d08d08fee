import type {
  Effect,
  HistoryRequest,
  Job,
  JobResult,
  LogRecord,
  StateRequest,
} from "@destiny/core/effects/effects";
import type { Outbox } from "@destiny/core/effects/port";
import { type InstanceId, type ReplicaId, ROOT } from "@destiny/core/kernel/ids";
import type { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { Driven } from "@destiny/core/replica/driven";
import { assignCheck, requestCheck } from "@destiny/core/wire/client-checks";
import { decodeFrame, encodeFrame } from "@destiny/core/wire/codec";
import { type AssignRequest, LOGGED_KINDS, type Message, Proposal } from "@destiny/core/wire/messages";
import type { Reply } from "@destiny/core/wire/reply";
import type { Request } from "@destiny/core/wire/request";
import { StatePages } from "@destiny/core/wire/state-transfer";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { StoredCheckpoint } from "../store/checkpoint.ts";
import type { Store } from "../store/store.ts";
import { EffectGate } from "./effect-gate.ts";
import { Frames } from "./frames.ts";
import { Ingress } from "./ingress.ts";
import { JobRunner, type JobRunnerOptions } from "./jobs.ts";
import { PageReader } from "./page-reader.ts";
import { Timers } from "./timers.ts";
import type { HostRecorder } from "./types.ts";
import type { Verifier } from "./verifier.ts";

/** Bytes of history that one request is answered with, at most: 1 MiB. */
const HISTORY_BYTES_MAX = 1_048_576;

/** How frames leave for peers. */
export interface Links {
  send(to: ReplicaId, frame: Uint8Array): void;
  broadcast(frame: Uint8Array): void;
  pause(peer: ReplicaId): void;
  resume(peer: ReplicaId): void;
}

/** What the driver needs of a store. */
export type DriverStore = Pick<
  Store,
  | "append"
  | "barrier"
  | "durablePosition"
  | "onDurable"
  | "saveCheckpoint"
  | "loadCheckpoint"
  | "records"
  | "range"
  | "page"
  | "retire"
>;

export interface ReplicaDriverOptions<R extends Driven> {
  readonly self: ReplicaId;
  /** Makes the replica that is driven. */
  readonly create: (outbox: Outbox) => R;
  readonly store: DriverStore;
  readonly links: Links;
  readonly verifier: Verifier;
  readonly jobs: Omit<JobRunnerOptions, "complete" | "failed" | "recorder">;
  readonly recorder: HostRecorder;
  readonly reply: (reply: Reply) => void;
  /** A peer's misbehaviour, to be counted. */
  readonly report: (peer: ReplicaId, reason: Misbehaviour) => void;
  /** This machine's fault, or a broken invariant: the replica must stop at once. */
  readonly failed: (error: Error) => void;
}

/** The production driver of one replica: one event at a time, its effects in order, durable before they leave. */
export class ReplicaDriver<R extends Driven> {
  readonly #options: ReplicaDriverOptions<R>;
  /** To be read only: events come through the driver. */
  readonly replica: R;
  readonly #gate: EffectGate;
  readonly #timers: Timers;
  readonly #jobs: JobRunner;
  readonly #ingress: Ingress;
  readonly #frames: Frames = new Frames();
  readonly #pages: PageReader;
  #effects: Effect[] = [];
  #stepping = false;
  #started = false;
  #stopped = false;

  constructor(options: ReplicaDriverOptions<R>) {
    this.#options = options;
    const { store, verifier, links } = options;
    const outbox = { push: (effect: Effect) => void this.#effects.push(effect) };
    this.replica = options.create(outbox);
    this.#gate = new EffectGate(store, (effect) => this.#leave(effect));
    store.onDurable(() => this.#gate.open());
    this.#pages = new PageReader(store);
    this.#timers = new Timers((instance, timer) => this.#step(() => this.replica.expire(instance, timer)));
    this.#jobs = new JobRunner({
      ...options.jobs,
      recorder: options.recorder,
      complete: (job, result) => this.#complete(job, result),
      failed: (error) => this.#fail(error),
    });
    this.#ingress = new Ingress({
      verifier,
      recorder: options.recorder,
      frames: this.#frames,
      admits: (from, instance, message) => this.#admits(from, instance, message),
      checks: (instance, message) => this.replica.checks(instance, message),
      deliver: (from, instance, message) => this.#step(() => this.replica.receive(from, instance, message)),
      report: options.report,
      pause: (peer) => links.pause(peer),
      resume: (peer) => links.resume(peer),
    });
  }

  /** Effects that wait for the disk. */
  get held(): number {
    return this.#gate.held;
  }

  /** First of all: takes back what the store holds. Throws DamagedRecordError if it cannot be read. */
  async recover(): Promise<void> {
    const { store } = this.#options;
    const saved = store.loadCheckpoint();
    if (saved !== undefined) {
      const older = saved.older.map((each) => ({ seq: each.seq, pages: pagesOf(each) }));
      this.replica.restore({ seq: saved.seq, pages: [...pagesOf(saved)], older });
    }
    for (const { key, value } of store.records()) {
      const { instance, message } = decodeFrame(value, digestOf);
      await this.#options.verifier.clientsOnly(this.replica.checks(instance, message) ?? []);
      this.replica.recover({ instance, seq: key.seq, message });
    }
  }

  /** Takes part from here on. */
  start(): void {
    this.#started = true;
    this.#step(() => this.replica.start());
  }

  /** A link came up: whoever is there should know how far we are. */
  onLink(): void {
    if (this.#started) this.#step(() => this.replica.announce());
  }

  /** A frame of an authenticated peer. */
  onFrame(from: ReplicaId, frame: Uint8Array): void {
    if (this.#started && !this.#stopped) this.#ingress.onFrame(from, frame);
  }

  /** A request as a client sent it. Returns whether its signature is the client's, once it has been taken or refused. */
  async submit(request: Request): Promise<boolean> {
    await this.#options.verifier.authentic([requestCheck(request)]);
    this.#step(() => this.replica.submit(request));
    return request.valid === true;
  }

  /** A client's wish for another coordinator, as it sent it. Returns the same. */
  async reassign(request: AssignRequest): Promise<boolean> {
    await this.#options.verifier.authentic([assignCheck(request)]);
    this.#step(() => this.replica.reassign(request));
    return request.valid === true;
  }

  /** No event gets in and no effect gets out any more. */
  stop(): void {
    this.#stopped = true;
    this.#timers.close();
    this.#ingress.close();
  }

  #complete(job: Job, result: JobResult): void {
    this.#step(() => this.replica.complete(job, result));
  }

  #admits(from: ReplicaId, instance: InstanceId, message: Message): boolean {
    let admitted = true;
    this.#step(() => {
      admitted = this.replica.admits?.(from, instance, message) ?? true;
    });
    return admitted;
  }

  /** One event in, its effects out. A broken invariant is fatal: what follows from it must not leave. */
  #step(event: () => void): void {
    if (this.#stopped) return;
    if (this.#stepping) return queueMicrotask(() => this.#step(event));
    this.#stepping = true;
    try {
      event();
      const effects = this.#effects;
      this.#effects = [];
      for (const effect of effects) this.#perform(effect);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#stepping = false;
    }
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "persist":
        this.#append(effect.record, true);
        this.#recordProposal(effect.record);
        return this.#gate.close();
      case "note":
        return this.#append(effect.record, false);
      case "configure":
        return this.#options.jobs.keys.configure(effect.roster);
      case "set-timer":
        return this.#timers.set(effect.instance, effect.timer, effect.delay);
      case "cancel-timer":
        return this.#timers.cancel(effect.instance, effect.timer);
      case "combine":
        return this.#jobs.combine(effect);
      case "report":
        return this.#options.report(effect.peer, effect.reason);
      case "save-checkpoint":
        return this.#options.store.saveCheckpoint({ cut: [], meta: new Uint8Array(0), ...effect.checkpoint });
      case "retire":
        return this.#options.store.retire(effect.watermarks);
      default:
        return this.#gate.pass(effect);
    }
  }

  /** Performs what had to wait until it was durable. */
  #leave(effect: Effect): void {
    if (this.#stopped) return;
    const { links, reply } = this.#options;
    switch (effect.type) {
      case "send":
        return links.send(effect.to, this.#frames.of(effect.instance, effect.message));
      case "broadcast":
        return links.broadcast(this.#frames.of(effect.instance, effect.message));
      case "certify":
        return this.#jobs.certify(effect);
      case "reply":
        if (effect.reply.type === "refusal") this.#options.recorder.refused(effect.reply.code);
        return reply(effect.reply);
      case "serve-history":
        return this.#serveHistory(effect.request);
      case "serve-state":
        return this.#serveState(effect.request);
      default:
        throw new Error(`an effect that never waits: ${effect.type}`);
    }
  }

  #append(record: LogRecord, wanted: boolean): void {
    const { instance, seq, message } = record;
    this.#options.store.append(
      { instance, kind: message.kind, seq },
      this.#frames.of(instance, message),
      wanted,
    );
  }

  /** A proposal of ours is persisted once before it is certified. */
  #recordProposal({ instance, message }: LogRecord): void {
    if (instance !== this.#options.self || !(message instanceof Proposal)) return;
    if (message.value !== null) this.#options.recorder.batchProposed(message.value.bytes.length);
  }

  /** The log holds frames as they were sent, so they can be sent again as they are. */
  #serveHistory({ instance, to, first, last }: HistoryRequest): void {
    const { store, links } = this.#options;
    for (const kind of LOGGED_KINDS) {
      for (const { value } of store.range({ instance, kind }, first, last, HISTORY_BYTES_MAX))
        links.send(to, value);
    }
  }

  #serveState(request: StateRequest): void {
    const pieces = this.#pages.pieces(request);
    if (pieces === null) return;
    const { to, seq, ticket } = request;
    this.#options.links.send(to, encodeFrame(ROOT, new StatePages({ seq, ticket, pieces })));
  }

  #fail(error: Error): void {
    if (this.#stopped) return;
    this.stop();
    this.#options.failed(error);
  }
}

/** One page at a time: a checkpoint that is kept for others is only looked at. */
function* pagesOf({ pageCount, page }: StoredCheckpoint): Generator<Uint8Array> {
  for (let index = 0; index < pageCount; index += 1) yield page(index) ?? new Uint8Array(0);
}
