import type { InstanceId, Micros } from "@destiny/core/kernel/ids";
import { type Engine, Occurrence } from "../engine/engine.ts";
import type { Address, LatencyModel } from "./latency.ts";

/** Something on its way. */
export interface Parcel {
  readonly from: Address;
  readonly to: Address;
  /** The instance that it is for; clients' parcels are for the replica itself. */
  readonly instance: InstanceId;
  readonly content: object;
}

/** Says of a parcel, when it is sent, whether a rule applies to it. */
export type ParcelRule = (parcel: Parcel) => boolean;

/** What a rule does to the parcels it applies to. */
export interface RuleHandle {
  /** Applies no more. What a hold kept arrives after all. */
  lift(): void;
}

/** What becomes of one parcel on its way: how much later than the latency says each copy arrives. No copy: it is lost. */
export interface Fate {
  readonly delays: readonly Micros[];
  /** Whether it may overtake parcels sent before it on its link. */
  readonly overtakes: boolean;
}

/** Says what becomes of a parcel; null for nothing out of the ordinary. */
export type Meddler = (parcel: Parcel) => Fate | null;

class Arrival extends Occurrence {
  readonly #parcel: Parcel;
  readonly #deliver: (parcel: Parcel) => void;

  constructor(parcel: Parcel, deliver: (parcel: Parcel) => void) {
    super();
    this.#parcel = parcel;
    this.#deliver = deliver;
  }

  happen(): void {
    this.#deliver(this.#parcel);
  }
}

export interface NetworkOptions {
  readonly engine: Engine;
  readonly latency: LatencyModel;
  readonly deliver: (parcel: Parcel) => void;
}

/** Links between all parties, each first in, first out unless a meddler says otherwise. Carries objects by reference. */
export class Network {
  readonly #options: NetworkOptions;
  /** When the last parcel of a link arrives. */
  readonly #lastArrival = new Map<number, Micros>();
  readonly #drops = new Set<ParcelRule>();
  readonly #holds = new Map<ParcelRule, Parcel[]>();
  #meddler: Meddler | null = null;
  #transcribe: (parcel: Parcel) => Parcel | null = (parcel) => parcel;
  readonly #watchers: ((parcel: Parcel) => void)[] = [];

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** Is shown every parcel that is sent, the held and the dropped too. */
  watch(watcher: (parcel: Parcel) => void): void {
    this.#watchers.push(watcher);
  }

  /** Loses every parcel that the rule applies to, until lifted. */
  drop(rule: ParcelRule): RuleHandle {
    this.#drops.add(rule);
    return { lift: () => void this.#drops.delete(rule) };
  }

  /** Keeps every parcel that the rule applies to, until lifted. A held parcel lets later ones of its link pass. */
  hold(rule: ParcelRule): RuleHandle {
    this.#holds.set(rule, []);
    const lift = (): void => {
      const held = this.#holds.get(rule) ?? [];
      this.#holds.delete(rule);
      for (const parcel of held) this.#pass(parcel);
    };
    return { lift };
  }

  /** Asks about every parcel that passes from now on; null leaves them alone again. */
  meddle(meddler: Meddler | null): void {
    this.#meddler = meddler;
  }

  /** Lets every receiver have a parcel of its own, made by this, instead of the sender's object; null: it gets nothing. */
  transcribe(transcribe: (parcel: Parcel) => Parcel | null): void {
    this.#transcribe = transcribe;
  }

  /** Lets a parcel arrive that was sent before: nobody is shown it again, and no rule applies. */
  replay(parcel: Parcel, delay: Micros): void {
    const { engine, deliver } = this.#options;
    const own = this.#transcribe(parcel);
    if (own !== null) engine.schedule(engine.now + delay, new Arrival(own, deliver));
  }

  send(parcel: Parcel): void {
    for (const watcher of this.#watchers) watcher(parcel);
    this.#pass(parcel);
  }

  #pass(parcel: Parcel): void {
    for (const rule of this.#drops) if (rule(parcel)) return;
    for (const [rule, held] of this.#holds) if (rule(parcel)) return void held.push(parcel);
    const fate = this.#meddler?.(parcel) ?? null;
    if (fate === null) return this.#carry(parcel, 0, false);
    for (const delay of fate.delays) this.#carry(parcel, delay, fate.overtakes);
  }

  #carry(sent: Parcel, delay: Micros, overtakes: boolean): void {
    const parcel = this.#transcribe(sent);
    if (parcel === null) return;
    const { engine, latency, deliver } = this.#options;
    const { from, to } = parcel;
    const link = from * 0x1_0000 + to;
    const soonest = engine.now + latency.micros(from, to) + delay;
    const last = this.#lastArrival.get(link) ?? 0;
    const at = overtakes ? soonest : Math.max(soonest, last);
    this.#lastArrival.set(link, Math.max(at, last));
    engine.schedule(at, new Arrival(parcel, deliver));
  }
}
