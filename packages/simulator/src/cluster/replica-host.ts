import type {
  Effect,
  HistoryRequest,
  Job,
  JobResult,
  LogRecord,
  StateRequest,
} from "@destiny/core/effects/effects";
import type { Outbox } from "@destiny/core/effects/port";
import { type InstanceId, type Micros, type ReplicaId, ROOT } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { Driven } from "@destiny/core/replica/driven";
import { assignCheck, requestCheck } from "@destiny/core/wire/client-checks";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import { LOGGED_KINDS, type Message, Proposal } from "@destiny/core/wire/messages";
import type { Reply } from "@destiny/core/wire/reply";
import { StatePages } from "@destiny/core/wire/state-transfer";
import type { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import { SimulatedDisk } from "../disk/disk.ts";
import type { Engine } from "../engine/engine.ts";
import type { Trace } from "../engine/trace.ts";
import type { Network, Parcel } from "../network/network.ts";
import type { ClusterTrust } from "../trust/trust.ts";
import { EffectGate } from "./effect-gate.ts";
import { type TimerName, Timers } from "./timers.ts";
import { TraceKind, traceMessage } from "./trace-message.ts";

/** How long a replica's machine takes for things. */
export interface Delays {
  /** Until a write is durable. */
  readonly diskMicros: Micros;
  /** To check a message. */
  readonly verifyMicros: Micros;
  /** Until the trusted subsystem, or the host's own key, has signed. */
  readonly certifyMicros: Micros;
  readonly combineMicros: Micros;
}

export interface ReplicaHostOptions {
  readonly self: ReplicaId;
  readonly n: number;
  readonly engine: Engine;
  readonly network: Network;
  readonly trace: Trace;
  readonly trust: ClusterTrust;
  readonly delays: Delays;
  /** Makes the replica that this host runs, anew after every crash. */
  readonly create: (self: ReplicaId, outbox: Outbox) => Driven;
  readonly isBackground: (timer: TimerName) => boolean;
  readonly reply: (from: ReplicaId, reply: Reply) => void;
  readonly report: (by: ReplicaId, peer: ReplicaId, reason: Misbehaviour) => void;
  readonly tap?: HostTap;
}

/** Sees what a machine does, and may change it: for oracles, for crashes between two effects, for Byzantine replicas. */
export interface HostTap {
  /** What is performed in an effect's place. Nothing of what follows is, if the machine crashes meanwhile. */
  perform(host: ReplicaHost, effect: Effect): readonly Effect[];
  /** Everything before the effect is durable, and it is carried out now. */
  leave(host: ReplicaHost, effect: Effect): void;
}

/**
 * One simulated machine: drives a replica by the contract of every driver, with a disk and a trusted subsystem that outlive
 * its crashes.
 */
export class ReplicaHost {
  readonly self: ReplicaId;
  readonly disk: SimulatedDisk;
  readonly subsystem: ThreshSign;
  readonly #options: ReplicaHostOptions;
  readonly #gate: EffectGate;
  readonly #timers: Timers;
  #driven: Driven | null = null;
  /** What was begun before a crash does not end after it. */
  #life = 0;
  #effects: Effect[] = [];
  #stepping = false;
  /** Events that wait until the machine goes on; null while it does. */
  #paused: (() => void)[] | null = null;

  constructor(options: ReplicaHostOptions) {
    const { self, engine, trust, delays, isBackground } = options;
    this.self = self;
    this.#options = options;
    this.subsystem = trust.createSubsystem(self);
    this.disk = new SimulatedDisk(engine, delays.diskMicros, () => this.#gate.open());
    this.#gate = new EffectGate(this.disk, (effect) => this.#leave(effect));
    this.#timers = new Timers(engine, (name) => this.#onExpiry(name), isBackground);
  }

  get alive(): boolean {
    return this.#driven !== null;
  }

  /** Timers that are set, those that never rest left out. */
  get timersRunning(): number {
    return this.#timers.running;
  }

  /** Takes back what the disk holds, then takes part. */
  start(): void {
    invariant(this.#driven === null, "a replica that does not run yet");
    const effects: Effect[] = [];
    this.#effects = effects;
    const driven = this.#options.create(this.self, { push: (effect) => void effects.push(effect) });
    this.#driven = driven;
    this.#options.trace.note(TraceKind.Start, this.#options.engine.now, this.self);
    this.#step(() => {
      const checkpoint = this.disk.loadCheckpoint();
      if (checkpoint !== null) driven.restore(checkpoint);
      for (const record of this.disk.records()) if (this.#trusts(driven, record)) driven.recover(record);
      driven.start();
    });
  }

  /** Loses everything but what is durable and what the trusted subsystem remembers; `kept` as {@link SimulatedDisk.crash}. */
  crash(kept = 0): void {
    invariant(this.#driven !== null, "a replica that runs");
    this.#options.trace.note(TraceKind.Crash, this.#options.engine.now, this.self);
    this.#driven = null;
    this.#paused = null;
    this.#life += 1;
    this.#gate.clear();
    this.#timers.clear();
    this.disk.crash(kept);
  }

  /** Nothing happens to the replica from now on, until {@link resume}: what comes waits. */
  pause(): void {
    this.#paused ??= [];
  }

  resume(): void {
    const waiting = this.#paused ?? [];
    this.#paused = null;
    const life = this.#life;
    for (const event of waiting) if (life === this.#life) event();
  }

  /** Something arrives. Nobody is there to take it if the replica is down. */
  onParcel(parcel: Parcel): void {
    if (this.#driven === null) return;
    const { from, instance, content } = parcel;
    if (from >= this.#options.n) return this.#onClientMessage(content as ClientMessage);
    const message = content as Message;
    const { trace, engine, delays } = this.#options;
    trace.note(TraceKind.Arrival, engine.now, this.self, from, instance);
    traceMessage(trace, message);
    this.#after(delays.verifyMicros, () => this.#receive(from, instance, message));
  }

  /** Lets something happen to the replica, as one event. */
  act(event: (driven: Driven) => void): void {
    const driven = this.#driven;
    if (driven === null) return;
    if (this.#paused !== null) this.#paused.push(() => this.act(event));
    else this.#step(() => event(driven));
  }

  #receive(from: ReplicaId, instance: InstanceId, message: Message): void {
    this.act((driven) => {
      const { trust, report } = this.#options;
      const checks = driven.checks(instance, message);
      if (checks === null) return report(this.self, from, Misbehaviour.BadFrame);
      if (!trust.authenticate(instance, message, checks)) {
        return report(this.self, from, Misbehaviour.BadCertificate);
      }
      driven.receive(from, instance, message);
    });
  }

  #onClientMessage(message: ClientMessage): void {
    const { trust, trace, engine, delays } = this.#options;
    if (message.type === "hello") return;
    trace.note(TraceKind.Client, engine.now, this.self);
    this.#after(delays.verifyMicros, () =>
      this.act((driven) => {
        if (message.type === "submit") {
          trust.holds(requestCheck(message.request));
          driven.submit(message.request);
        } else {
          trust.holds(assignCheck(message.assign));
          driven.reassign(message.assign);
        }
      }),
    );
  }

  /** An own draft was never certified; everything else in the log is as authentic as when it came. */
  #trusts(driven: Driven, { instance, message }: LogRecord): boolean {
    const checks = driven.checks(instance, message) ?? [];
    const isDraft = message instanceof Proposal && message.certificate.length === 0;
    return checks
      .filter((check) => !(isDraft && check.type === "identity" && check.signer === this.self))
      .every((check) => this.#options.trust.holds(check));
  }

  #onExpiry({ instance, timer }: TimerName): void {
    const { trace, engine } = this.#options;
    trace.note(TraceKind.Expiry, engine.now, this.self, instance, timer);
    this.act((driven) => driven.expire(instance, timer));
  }

  /** One event in, its effects out, in order. */
  #step(event: () => void): void {
    invariant(!this.#stepping, "one event at a time");
    this.#stepping = true;
    event();
    const life = this.#life;
    const { tap } = this.#options;
    for (const pushed of this.#effects.splice(0)) {
      const effects = tap === undefined || life !== this.#life ? [pushed] : tap.perform(this, pushed);
      for (const effect of effects) if (life === this.#life) this.#perform(effect);
    }
    this.#stepping = false;
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "persist":
        this.disk.append(effect.record);
        return this.#gate.close();
      case "note":
        return this.disk.append(effect.record);
      case "save-checkpoint":
        return this.disk.saveCheckpoint(effect.checkpoint);
      case "retire":
        return this.disk.retire(effect.watermarks);
      case "set-timer":
        return this.#timers.set(effect, effect.delay);
      case "cancel-timer":
        return this.#timers.cancel(effect);
      case "combine":
        return this.#combine(effect);
      case "report":
        return this.#options.report(this.self, effect.peer, effect.reason);
      default:
        return this.#gate.pass(effect);
    }
  }

  /** Performs what had to wait until it was durable. */
  #leave(effect: Effect): void {
    this.#options.tap?.leave(this, effect);
    if (this.#driven === null) return; // It crashed just before.
    switch (effect.type) {
      case "send":
        return this.#send(effect.to, effect.instance, effect.message);
      case "broadcast":
        for (let to = 0; to < this.#options.n; to += 1) {
          if (to !== this.self) this.#send(to, effect.instance, effect.message);
        }
        return;
      case "certify":
        return this.#certify(effect);
      case "reply":
        return this.#options.reply(this.self, effect.reply);
      case "serve-history":
        return this.#serveHistory(effect.request);
      case "serve-state":
        return this.#serveState(effect.request);
      default:
        invariant(false, `an effect that never waits: ${effect.type}`);
    }
  }

  #send(to: ReplicaId, instance: InstanceId, message: Message): void {
    this.#options.network.send({ from: this.self, to, instance, content: message });
  }

  #certify({ job, claim }: Effect & { type: "certify" }): void {
    const result = this.#options.trust.certify(this.self, this.subsystem, claim);
    this.#complete(this.#options.delays.certifyMicros, job, result);
  }

  #combine({ job, claim, shares }: Effect & { type: "combine" }): void {
    const result = this.#options.trust.combine(claim, shares);
    this.#complete(this.#options.delays.combineMicros, job, result);
  }

  /** Always an event of its own, however soon. */
  #complete(delay: Micros, job: Job, result: JobResult): void {
    const { trace, engine } = this.#options;
    this.#later(delay, () => {
      trace.note(TraceKind.Completion, engine.now, this.self, job.instance, job.ticket);
      this.act((driven) => driven.complete(job, result));
    });
  }

  #serveHistory({ instance, to, first, last }: HistoryRequest): void {
    for (const { message } of this.disk.history(instance, first, last)) {
      if (!LOGGED_KINDS.includes(message.kind)) continue;
      if (!(message instanceof Proposal) || message.certificate.length > 0) this.#send(to, instance, message);
    }
  }

  #serveState({ to, seq, ticket, pieces }: StateRequest): void {
    const found = this.disk.pieces(seq, pieces);
    if (found !== null) this.#send(to, ROOT, new StatePages({ seq, ticket, pieces: found }));
  }

  #after(delay: Micros, call: () => void): void {
    if (delay === 0) call();
    else this.#later(delay, call);
  }

  #later(delay: Micros, call: () => void): void {
    const life = this.#life;
    this.#options.engine.after(delay, () => {
      if (life === this.#life) call();
    });
  }
}

/** Where clients' messages are addressed. */
export const CLIENT_INSTANCE: InstanceId = ROOT;
