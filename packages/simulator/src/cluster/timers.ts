import type { InstanceId, Micros, TimerId } from "@destiny/core/kernel/ids";
import { type Engine, Occurrence } from "../engine/engine.ts";

/** Which timer. */
export interface TimerName {
  readonly instance: InstanceId;
  readonly timer: TimerId;
}

/** One timer, for good: it is set and cancelled far more often than it expires. */
class Expiry extends Occurrence {
  readonly #name: TimerName;
  readonly #expire: (name: TimerName) => void;

  constructor(name: TimerName, background: boolean, expire: (name: TimerName) => void) {
    super(background);
    this.#name = name;
    this.#expire = expire;
  }

  happen(): void {
    this.#expire(this.#name);
  }
}

/** One replica's timers. Setting one replaces it; a cancelled one never fires. */
export class Timers {
  readonly #engine: Engine;
  readonly #expire: (name: TimerName) => void;
  readonly #isBackground: (name: TimerName) => boolean;
  readonly #expiries = new Map<number, Expiry>();

  constructor(engine: Engine, expire: (name: TimerName) => void, isBackground: (name: TimerName) => boolean) {
    this.#engine = engine;
    this.#expire = expire;
    this.#isBackground = isBackground;
  }

  /** Timers that are set, those that never rest left out. */
  get running(): number {
    let count = 0;
    for (const { state, background } of this.#expiries.values()) {
      if (state === "scheduled" && !background) count += 1;
    }
    return count;
  }

  set({ instance, timer }: TimerName, delay: Micros): void {
    const key = keyOf(instance, timer);
    const at = this.#engine.now + delay;
    const known = this.#expiries.get(key);
    if (known !== undefined && this.#engine.postpone(at, known)) return;
    if (known?.state === "idle") return this.#engine.schedule(at, known);
    if (known !== undefined) this.#engine.cancel(known);
    const name = { instance, timer };
    const expiry = new Expiry(name, this.#isBackground(name), this.#expire);
    this.#expiries.set(key, expiry);
    this.#engine.schedule(at, expiry);
  }

  cancel({ instance, timer }: TimerName): void {
    const known = this.#expiries.get(keyOf(instance, timer));
    if (known !== undefined) this.#engine.cancel(known);
  }

  clear(): void {
    for (const expiry of this.#expiries.values()) this.#engine.cancel(expiry);
    this.#expiries.clear();
  }
}

function keyOf(instance: InstanceId, timer: TimerId): number {
  return instance * 256 + timer;
}
