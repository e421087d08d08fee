import type { Effect, LogRecord } from "@destiny/core/effects/effects";
import type { InstanceId, Micros, ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
import { type Claim, isCounted, schemeOf } from "@destiny/core/wire/claim";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import { type Message, Proposal } from "@destiny/core/wire/messages";
import type { Sizes } from "../network/sizes.ts";
import { Account, Activity } from "./account.ts";
import type { CostProfile } from "./cost-profile.ts";
import type { Incoming, Instant, Machine, OwnEvent } from "./machine.ts";
import { type Pool, Server } from "./processors.ts";
import { Rounds } from "./rounds.ts";
import type { Price, PriceList, Quantity, Tariff } from "./tariff.ts";

const NOTHING: Quantity = { bytes: 0, requests: 0, commands: 0, shares: 0, receivers: 0 };

export interface ModelledMachineOptions {
  readonly prices: PriceList;
  readonly lanes: Pick<CostProfile["lanes"], "per" | "payloadInside" | "delayMicros">;
  readonly n: number;
  readonly sizes: Sizes;
  /** Commands in one request, and bytes of one request with its payload. */
  readonly bundle: number;
  readonly requestBytes: number;
  /** Where workers run. */
  readonly workers: Pool;
  /** Whether everything runs there, and that of other replicas too; else loop and lanes have processors of their own. */
  readonly shared: boolean;
}

/**
 * A machine with a serial loop, workers, and lanes in which its trusted subsystem signs in order. Each is first come, first
 * served, and exact: what a job takes and what it waits for is added up, nothing is drawn or averaged.
 */
export class ModelledMachine implements Machine {
  readonly #options: ModelledMachineOptions;
  readonly #account = new Account();
  readonly #loop = new Server();
  readonly #lanes = new Map<InstanceId, Server>();
  /** By instance: the proposal of ours that is being certified. */
  readonly #drafts = new Map<InstanceId, { readonly seq: SequenceNumber; readonly bytes: number }>();
  readonly #workers: Pool;
  /** Null if they cost nothing: then nobody has to know them. */
  readonly #rounds: Rounds | null;
  /** Commands and bytes that the handler under way has executed. */
  #executed = 0;
  #executedBytes = 0;

  constructor(options: ModelledMachineOptions) {
    this.#options = options;
    this.#workers = options.workers;
    const { wake, read, flush } = options.prices.rounds;
    this.#rounds = wake + read + flush === 0 ? null : new Rounds(options.n, options.prices.rounds);
  }

  /** What this machine has done so far: a copy. */
  account(): Account {
    const account = new Account().since(this.#account);
    for (const name of ["cpu", "sentBytes", "sentMessages"] as const) account[name].set(this.#account[name]);
    account.loop = { ...this.#loop.occupancy };
    account.workers = { ...this.#workers.occupancy };
    for (const { occupancy } of this.#lanes.values()) {
      if (occupancy.busy >= account.lane.busy) account.lane = { ...occupancy };
    }
    return account;
  }

  arrive({ kind, bytes }: Incoming, now: Micros): Instant {
    const { beside, before } = this.#options.prices.receive[kind] as Tariff;
    if (!beside.free) this.#beside(Activity.Receive, this.#cost(beside, bytes), now);
    if (before.free) return now;
    return this.#work(Activity.Receive, this.#cost(before, bytes), now);
  }

  arriveFromClient(_message: ClientMessage, bytes: number, now: Micros): Instant {
    const { before, beside } = this.#options.prices.request;
    const quantity = this.#quantity(bytes);
    if (!beside.free) this.#beside(Activity.Clients, beside.of(quantity), now);
    if (before.free) return now;
    return this.#work(Activity.Clients, before.of(quantity), now);
  }

  handle({ kind, bytes }: Incoming, from: ReplicaId, effects: readonly Effect[], now: Micros): Instant {
    const { loop } = this.#options.prices.receive[kind] as Tariff;
    const rounds = this.#rounds;
    let duration = loop.free ? 0 : this.#cost(loop, bytes);
    if (rounds !== null) {
      rounds.enter(now);
      duration += rounds.read(from, this.#loop.end <= now);
    }
    if (duration > 0) this.#spend(Activity.Receive, duration);
    return this.#turn(duration, effects, now);
  }

  handleFromClient(_message: ClientMessage, bytes: number, effects: readonly Effect[], now: Micros): Instant {
    const rounds = this.#rounds;
    let duration = this.#options.prices.request.loop.of(this.#quantity(bytes));
    if (rounds !== null) {
      rounds.enter(now);
      duration += rounds.readFromClient(this.#loop.end <= now);
    }
    this.#spend(Activity.Clients, duration);
    return this.#turn(duration, effects, now);
  }

  handleOwn(_event: OwnEvent, effects: readonly Effect[], now: Micros): Instant {
    const duration = this.#options.prices.own.loop.ofBytes(0);
    this.#spend(Activity.Own, duration);
    this.#rounds?.enter(now);
    return this.#turn(duration, effects, now);
  }

  execute(commands: number, bytes: number): void {
    this.#executed += commands;
    this.#executedBytes += bytes;
  }

  certify(claim: Claim, now: Micros): Instant {
    const { prices, n } = this.#options;
    const duration = prices.certify(claim.type).before.of(this.#quantity(this.#boundBy(claim), n - 1));
    this.#spend(Activity.Certify, duration);
    if (duration === 0) return now;
    const end = this.#workers.serve(now, duration);
    if (!isCounted(claim)) return end;
    return this.#lane(claim.instance).follow(now, duration, end);
  }

  combine(claim: Claim, shares: number, now: Micros): Instant {
    const { before } = this.#options.prices.combine(schemeOf(claim));
    return this.#work(Activity.Combine, before.of({ ...NOTHING, shares }), now);
  }

  crash(now: Micros): void {
    this.#loop.reset(now);
    this.#rounds?.reset();
    if (!this.#options.shared) this.#workers.reset(now);
    for (const lane of this.#lanes.values()) lane.reset(now);
  }

  /** The loop's turn: what came, and what it led to. */
  #turn(received: number, effects: readonly Effect[], now: Micros): Instant {
    let duration = received + this.#execution(now);
    for (const effect of effects) duration += this.#effect(effect, now);
    const done =
      !this.#options.shared || duration === 0
        ? this.#loop.serve(now, duration)
        : this.#loop.follow(now, duration, this.#workers.serve(now, duration));
    this.#rounds?.begin(done - duration);
    return done;
  }

  #execution(now: Micros): number {
    if (this.#executed === 0) return 0;
    const { loop, beside } = this.#options.prices.execute;
    const quantity = {
      ...NOTHING,
      bytes: this.#executedBytes,
      requests: this.#executed / this.#options.bundle,
      commands: this.#executed,
    };
    this.#executed = 0;
    this.#executedBytes = 0;
    const duration = loop.of(quantity);
    this.#spend(Activity.Execute, duration);
    if (!beside.free) this.#beside(Activity.Execute, beside.of(quantity), now);
    return duration;
  }

  /** What an effect costs the loop; workers get theirs. */
  #effect(effect: Effect, now: Micros): number {
    switch (effect.type) {
      case "send":
        return this.#send(effect.message, 1, now) + this.#flush(effect.to);
      case "broadcast":
        return this.#send(effect.message, this.#options.n - 1, now) + this.#flush(null);
      case "reply":
        return this.#reply(now);
      case "persist":
        this.#onDraft(effect.record);
        return this.#write(effect.record);
      case "note":
        return this.#write(effect.record);
      case "certify": {
        const { loop } = this.#options.prices.certify(effect.claim.type);
        return loop.free
          ? 0
          : this.#spend(Activity.Certify, loop.of(this.#quantity(claimBytes(effect.claim))));
      }
      default:
        return 0;
    }
  }

  #send(message: Message, receivers: number, now: Micros): number {
    const { prices, sizes } = this.#options;
    const { kind } = message;
    const bytes = sizes.message(message);
    const { sentBytes, sentMessages } = this.#account;
    sentBytes[kind] = (sentBytes[kind] as number) + bytes * receivers;
    sentMessages[kind] = (sentMessages[kind] as number) + receivers;
    const once = prices.prepare[kind] as Tariff;
    const each = prices.send[kind] as Tariff;
    const beside = this.#cost(once.beside, bytes) + receivers * this.#cost(each.beside, bytes);
    if (beside > 0 && receivers > 1) this.#spread(beside, now);
    else if (beside > 0) this.#beside(Activity.Send, beside, now);
    const duration = this.#cost(once.loop, bytes) + receivers * this.#cost(each.loop, bytes);
    return duration === 0 ? 0 : this.#spend(Activity.Send, duration);
  }

  /** To one peer, or to all. */
  #flush(to: ReplicaId | null): number {
    const rounds = this.#rounds;
    if (rounds === null) return 0;
    const duration = to === null ? rounds.broadcast() : rounds.send(to);
    return duration === 0 ? 0 : this.#spend(Activity.Send, duration);
  }

  #reply(now: Micros): number {
    const { prices, bundle } = this.#options;
    const quantity = { ...NOTHING, requests: 1, commands: bundle };
    const beside = prices.reply.beside.of(quantity);
    if (beside > 0) this.#beside(Activity.Clients, beside, now);
    const flush = this.#rounds === null ? 0 : this.#rounds.reply();
    return this.#spend(Activity.Clients, prices.reply.loop.of(quantity) + flush);
  }

  #cost(price: Price, bytes: number): number {
    return price.ofBytesAlone ? price.ofBytes(bytes) : price.of(this.#quantity(bytes));
  }

  #quantity(bytes: number, receivers = 0): Quantity {
    const requests = Math.floor(bytes / this.#options.requestBytes);
    return { bytes, requests, commands: requests * this.#options.bundle, shares: 0, receivers };
  }

  /** Bytes that go to whoever signs: those of the claim; of our whole proposal where the trusted subsystem wants to see it. */
  #boundBy(claim: Claim): number {
    const bytes = claimBytes(claim);
    if (claim.type !== "unique") return bytes;
    const draft = this.#drafts.get(claim.instance);
    if (draft?.seq !== claim.value.seq) return bytes;
    return draft.bytes;
  }

  /** Remembers how large the proposal is that we are about to have certified. */
  #onDraft({ instance, message }: LogRecord): void {
    if (!this.#options.lanes.payloadInside || !(message instanceof Proposal)) return;
    if (message.certificate.length > 0) return;
    this.#drafts.set(instance, { seq: message.seq, bytes: this.#options.sizes.message(message) });
  }

  /** Of a record for the disk; small ones are not looked at. */
  #write({ message }: LogRecord): number {
    const { prices, sizes } = this.#options;
    const { loop } = prices.record;
    if (loop.free) return 0;
    return this.#spend(Activity.Own, loop.ofBytes(message instanceof Proposal ? sizes.message(message) : 0));
  }

  #lane(instance: InstanceId): Server {
    const key = this.#options.lanes.per === "counter" ? instance : 0;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new Server();
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #work(activity: Activity, duration: number, now: Micros): Instant {
    if (duration === 0) return now;
    this.#spend(activity, duration);
    return this.#workers.serve(now, duration);
  }

  #beside(activity: Activity, duration: number, now: Micros): void {
    if (duration === 0) return;
    this.#spend(activity, duration);
    this.#workers.serve(now, duration);
  }

  #spread(duration: number, now: Micros): void {
    this.#spend(Activity.Send, duration);
    this.#workers.spread(now, duration);
  }

  #spend(activity: Activity, duration: number): number {
    this.#account.cpu[activity] = this.#spent(activity) + duration;
    return duration;
  }

  #spent(activity: Activity): number {
    return this.#account.cpu[activity] as number;
  }
}

function claimBytes(claim: Claim): number {
  return "message" in claim ? claim.message.length : 0;
}
