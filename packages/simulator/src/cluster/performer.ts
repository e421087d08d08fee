import type { Effect, HistoryRequest, JobResult, StateRequest } from "@destiny/core/effects/effects";
import { type InstanceId, type ReplicaId, ROOT } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { LOGGED_KINDS, type Message, Proposal } from "@destiny/core/wire/messages";
import { StatePages } from "@destiny/core/wire/state-transfer";
import type { SimulatedDisk } from "../disk/disk.ts";
import type { Instant } from "../machine/machine.ts";
import { EffectGate } from "./effect-gate.ts";
import type { Errands } from "./errands.ts";
import type { HostSurroundings } from "./host-surroundings.ts";
import type { Timers } from "./timers.ts";

export interface PerformerOptions extends HostSurroundings {
  readonly disk: SimulatedDisk;
  readonly timers: Timers;
  /** An effect is about to be carried out: false if the machine is gone. */
  readonly leaving: (effect: Effect) => boolean;
  readonly certify: (effect: Effect & { type: "certify" }) => JobResult;
  readonly errands: Errands;
}

/** Carries out what one replica asks for, in order, from the instant on at which its loop is done with the event behind it. */
export class Performer {
  readonly #options: PerformerOptions;
  readonly #gate: EffectGate;
  /** When what is passed on now may leave. */
  #at: Instant = 0;

  constructor(options: PerformerOptions) {
    this.#options = options;
    this.#gate = new EffectGate(options.disk, (effect) => this.#leave(effect));
  }

  perform(effect: Effect, at: Instant): void {
    this.#at = at;
    const { disk, timers, engine, durable, report, self, trust } = this.#options;
    switch (effect.type) {
      case "persist":
        if (!durable) return;
        disk.append(effect.record);
        return this.#gate.close();
      case "note":
        return durable ? disk.append(effect.record) : undefined;
      case "save-checkpoint":
        return disk.saveCheckpoint(effect.checkpoint);
      case "retire":
        return durable ? disk.retire(effect.watermarks) : undefined;
      case "configure":
        return trust.configure?.(effect.roster, self);
      case "set-timer":
        return timers.set(effect, Math.floor(at) - engine.now + effect.delay);
      case "cancel-timer":
        return timers.cancel(effect);
      case "combine":
        return this.#askAt(at, effect);
      case "report":
        return report(self, effect.peer, effect.reason);
      default:
        return durable ? this.#gate.pass(effect) : this.#leave(effect);
    }
  }

  /** More is durable: it leaves now. */
  open(): void {
    this.#at = this.#options.engine.now;
    this.#gate.open();
  }

  /** Forgets what waits: the process is gone. */
  clear(): void {
    this.#gate.clear();
  }

  /** Performs what had to wait until it was durable. */
  #leave(effect: Effect): void {
    if (!this.#options.leaving(effect)) return;
    switch (effect.type) {
      case "send":
        return this.#send(effect.to, effect.instance, effect.message);
      case "broadcast":
        return this.#broadcast(effect.instance, effect.message);
      case "certify":
        return this.#askAt(this.#at, effect);
      case "reply":
        return this.#options.reply(this.#options.self, effect.reply, this.#at);
      case "serve-history":
        return this.#serveHistory(effect.request);
      case "serve-state":
        return this.#serveState(effect.request);
      default:
        invariant(false, `an effect that never waits: ${effect.type}`);
    }
  }

  #send(to: ReplicaId, instance: InstanceId, message: Message): void {
    const { network, sizes, self } = this.#options;
    network.send({ from: self, to, instance, content: message }, sizes.message(message), this.#at);
  }

  #broadcast(instance: InstanceId, message: Message): void {
    const { network, sizes, self } = this.#options;
    const bytes = sizes.message(message);
    network.broadcast(self, { instance, content: message, bytes }, this.#at);
  }

  #askAt(at: Instant, effect: Effect): void {
    const { engine, errands } = this.#options;
    if (at < engine.now + 1) this.ask(effect);
    else errands.due(at, effect);
  }

  /** Has something signed or combined, now. That is always done by an event of its own, however soon. */
  ask(effect: Effect): void {
    const { machine, engine, certify, trust, errands } = this.#options;
    if (effect.type === "certify") {
      const result = certify(effect);
      errands.done(machine.certify(effect.claim, engine.now), effect.job, result);
    } else if (effect.type === "combine") {
      const { job, claim, shares } = effect;
      const result = trust.combine(claim, shares);
      errands.done(machine.combine(claim, shares.length, engine.now), job, result);
    }
  }

  #serveHistory({ instance, to, first, last }: HistoryRequest): void {
    for (const { message } of this.#options.disk.history(instance, first, last)) {
      if (!LOGGED_KINDS.includes(message.kind)) continue;
      if (!(message instanceof Proposal) || message.certificate.length > 0) this.#send(to, instance, message);
    }
  }

  #serveState({ to, seq, ticket, pieces }: StateRequest): void {
    const found = this.#options.disk.pieces(seq, pieces);
    if (found !== null) this.#send(to, ROOT, new StatePages({ seq, ticket, pieces: found }));
  }
}
