import type { Effect, Job, JobResult, LogRecord } from "@destiny/core/effects/effects";
import type { Outbox } from "@destiny/core/effects/port";
import { type InstanceId, type Micros, type ReplicaId, ROOT } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { Driven } from "@destiny/core/replica/driven";
import { isLater } from "@destiny/core/wire/check";
import { assignCheck, requestChecks } from "@destiny/core/wire/client-checks";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import { type Message, Proposal } from "@destiny/core/wire/messages";
import type { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import { SimulatedDisk } from "../disk/disk.ts";
import type { Instant } from "../machine/machine.ts";
import type { Address } from "../network/latency.ts";
import type { Shipment } from "../network/shipment.ts";
import { Errands } from "./errands.ts";
import type { HostSurroundings } from "./host-surroundings.ts";
import { Performer } from "./performer.ts";
import { type TimerName, Timers } from "./timers.ts";
import { TraceKind, traceMessage } from "./trace-message.ts";

export interface ReplicaHostOptions extends HostSurroundings {
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
 * its crashes. What the replica asks for is carried out when the machine's loop is done with the event behind it; the replica
 * itself has its events as they come, one after the other.
 */
export class ReplicaHost {
  readonly self: ReplicaId;
  readonly disk: SimulatedDisk;
  readonly #options: ReplicaHostOptions;
  readonly #performer: Performer;
  readonly #timers: Timers;
  readonly #errands: Errands;
  /** Whether effects can be passed on before they are due: nothing looks at them, and nothing holds them back. */
  readonly #early: boolean;
  #subsystem: ThreshSign;
  #driven: Driven | null = null;
  /** What was begun before a crash does not end after it. */
  #life = 0;
  #effects: Effect[] = [];
  #stepping = false;
  /** Events that wait until the machine goes on; null while it does. */
  #paused: (() => void)[] | null = null;

  constructor(options: ReplicaHostOptions) {
    const { self, engine, trust, diskMicros, isBackground } = options;
    this.self = self;
    this.#options = options;
    this.#early = !options.durable && options.tap === undefined;
    this.#subsystem = options.subsystem ?? trust.createSubsystem(self);
    this.disk = new SimulatedDisk(engine, diskMicros, () => this.#performer.open());
    this.#timers = new Timers(engine, (name) => this.#onExpiry(name), isBackground);
    this.#errands = new Errands(engine, {
      ready: (shipment, from) => this.#receive(shipment, from),
      done: (job, result) => this.#onDone(job, result),
      due: (effect) => this.#performer.ask(effect),
    });
    this.#performer = new Performer({
      disk: this.disk,
      timers: this.#timers,
      leaving: (effect) => this.#isLeaving(effect),
      certify: ({ claim }) => trust.certify(self, this.#subsystem, claim),
      errands: this.#errands,
      ...options,
    });
  }

  get subsystem(): ThreshSign {
    return this.#subsystem;
  }

  /**
   * Its trusted subsystem has lost its memory, and another one takes its place under an identity of its own. The old one is
   * returned: a host that is faulty may go on using it.
   */
  renewSubsystem(): ThreshSign {
    invariant(this.#driven === null, "a replica that is down: it learns at its start who it is");
    const former = this.#subsystem;
    this.#subsystem = this.#options.trust.renewSubsystem?.(this.self) ?? former;
    return former;
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
    const outbox: Outbox = { push: (effect) => void effects.push(effect) };
    const identities = this.#options.trust.identities?.(this.self, this.#subsystem);
    const driven = this.#options.create(this.self, outbox, identities);
    this.#driven = driven;
    this.#options.trace.note(TraceKind.Start, this.#options.engine.now, this.self);
    this.#step(
      () => {
        const checkpoint = this.disk.loadCheckpoint();
        if (checkpoint !== null) driven.restore(checkpoint);
        for (const record of this.disk.records()) if (this.#trusts(driven, record)) driven.recover(record);
        driven.start();
      },
      (now) => this.#options.machine.handleOwn("start", effects, now),
    );
  }

  /** Loses everything but what is durable and what the trusted subsystem remembers; `kept` as {@link SimulatedDisk.crash}. */
  crash(kept = 0): void {
    invariant(this.#driven !== null, "a replica that runs");
    const { trace, engine, machine } = this.#options;
    trace.note(TraceKind.Crash, engine.now, this.self);
    this.#driven = null;
    this.#paused = null;
    this.#life += 1;
    this.#performer.clear();
    this.#timers.clear();
    this.#errands.drop();
    this.disk.crash(kept);
    machine.crash(engine.now);
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
  onShipment(shipment: Shipment, from: Address): void {
    if (this.#driven === null) return;
    const { instance, content, bytes, print } = shipment;
    const { trace, engine, machine, n } = this.#options;
    if (from >= n) return this.#onClientMessage(content as ClientMessage, bytes);
    const { now } = engine;
    if (print !== null) trace.mix(now, this.self * 0x1_0000 + from, print);
    else {
      trace.note(TraceKind.Arrival, now, this.self, from, instance);
      traceMessage(trace, content as Message);
    }
    const ready = machine.arrive(shipment, now);
    if (ready < now + 1) this.#receive(shipment, from);
    else this.#errands.ready(ready, shipment, from);
  }

  /** Lets something happen to the replica, as one event. */
  act(event: (driven: Driven) => void, spend: (now: Micros) => Instant = (now) => this.#spend(now)): void {
    const driven = this.#driven;
    if (driven === null) return;
    if (this.#paused !== null) this.#paused.push(() => this.act(event, spend));
    else this.#step(() => event(driven), spend);
  }

  #receive(shipment: Shipment, from: ReplicaId): void {
    const driven = this.#driven;
    if (driven === null) return;
    if (this.#paused !== null) return void this.#paused.push(() => this.#receive(shipment, from));
    const { machine, engine, trust } = this.#options;
    const { instance, ballot } = shipment;
    const message = shipment.content as Message;
    if (trust.knows?.(instance, message) !== true && !this.#isAuthentic(driven, from, shipment)) return;
    invariant(!this.#stepping, "one event at a time");
    this.#stepping = true;
    if (ballot === null) driven.receive(from, instance, message);
    else ballot.arrive(this.self, driven, instance);
    this.#perform(machine.handle(shipment, from, this.#effects, engine.now));
    this.#stepping = false;
  }

  #isAuthentic(driven: Driven, from: ReplicaId, { instance, content }: Shipment): boolean {
    const { trust, report } = this.#options;
    const message = content as Message;
    const checks = driven.checks(instance, message);
    if (checks !== null && isLater(checks)) return false;
    if (checks !== null && trust.authenticate(instance, message, checks)) return true;
    const reason = checks === null ? Misbehaviour.BadFrame : Misbehaviour.BadCertificate;
    report(this.self, from, reason);
    return false;
  }

  #onClientMessage(message: ClientMessage, bytes: number): void {
    const { trust, trace, engine, machine } = this.#options;
    if (message.type === "hello") return;
    trace.note(TraceKind.Client, engine.now, this.self);
    const ready = machine.arriveFromClient(message, bytes, engine.now);
    this.#at(ready, () =>
      this.act(
        (driven) => {
          if (message.type === "submit") {
            for (const check of requestChecks(message.request)) trust.holds(check);
            driven.submit(message.request);
          } else {
            trust.holds(assignCheck(message.assign));
            driven.reassign(message.assign);
          }
        },
        (now) => machine.handleFromClient(message, bytes, this.#effects, now),
      ),
    );
  }

  /** An own draft was never certified; everything else in the log is as authentic as when it came. */
  #trusts(driven: Driven, { instance, message }: LogRecord): boolean {
    const checks = (driven.checks(instance, message) ?? []).filter(({ type }) => type !== "later");
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

  #onDone(job: Job, result: JobResult): void {
    const { trace, engine } = this.#options;
    trace.note(TraceKind.Completion, engine.now, this.self, job.instance, job.ticket);
    const driven = this.#driven;
    if (driven === null) return;
    if (this.#paused !== null) return void this.#paused.push(() => this.#finish(driven, job, result));
    this.#finish(driven, job, result);
  }

  #finish(driven: Driven, job: Job, result: JobResult): void {
    const { machine, engine } = this.#options;
    invariant(!this.#stepping, "one event at a time");
    this.#stepping = true;
    driven.complete(job, result);
    this.#perform(machine.handleOwn("completion", this.#effects, engine.now));
    this.#stepping = false;
  }

  #spend(now: Micros): Instant {
    return this.#options.machine.handleOwn("expiry", this.#effects, now);
  }

  /** One event in, its effects out, in order. */
  #step(event: () => void, spend: (now: Micros) => Instant): void {
    invariant(!this.#stepping, "one event at a time");
    this.#stepping = true;
    event();
    this.#perform(spend(this.#options.engine.now));
    this.#stepping = false;
  }

  /** Carries out what the event led to, once the loop is done with it. */
  #perform(done: Instant): void {
    const effects = this.#effects;
    if (effects.length === 0) return;
    if (this.#early) {
      for (let place = 0; place < effects.length; place += 1)
        this.#performer.perform(effects[place] as Effect, done);
      effects.length = 0;
      return;
    }
    const taken = effects.splice(0);
    if (done < this.#options.engine.now + 1) this.#carryOut(taken, done);
    else this.#later(done, () => this.#carryOut(taken, this.#options.engine.now));
  }

  #carryOut(pushed: readonly Effect[], at: Instant): void {
    const { tap } = this.#options;
    const life = this.#life;
    for (const effect of pushed) {
      if (life !== this.#life) return;
      if (tap === undefined) this.#performer.perform(effect, at);
      else for (const each of tap.perform(this, effect)) this.#performUnlessGone(each, at, life);
    }
  }

  #performUnlessGone(effect: Effect, at: Instant, life: number): void {
    if (life === this.#life) this.#performer.perform(effect, at);
  }

  #isLeaving(effect: Effect): boolean {
    this.#options.tap?.leave(this, effect);
    return this.#driven !== null; // Else it crashed just before.
  }

  #at(instant: Instant, call: () => void): void {
    if (instant < this.#options.engine.now + 1) call();
    else this.#later(instant, call);
  }

  #later(instant: Instant, call: () => void): void {
    const life = this.#life;
    const { engine } = this.#options;
    engine.after(Math.floor(instant) - engine.now, () => {
      if (life === this.#life) call();
    });
  }
}

/** Where clients' messages are addressed. */
export const CLIENT_INSTANCE: InstanceId = ROOT;
