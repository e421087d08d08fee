import type { InstanceId, Micros, TimerId } from "@destiny/core/kernel/ids";
import { type Engine, Occurrence } from "../engine/engine.ts";

class Expiry extends Occurrence {
  readonly #expire: () => void;

  constructor(background: boolean, expire: () => void) {
    super(background);
    this.#expire = expire;
  }

  happen(): void {
    this.#expire();
  }
}

/** Which timer. */
export interface TimerName {
  readonly instance: InstanceId;
  readonly timer: TimerId;
}

/** One replica's timers. Setting one replaces it; a cancelled one never fires. */
export class Timers {
  readonly #engine: Engine;
  readonly #expire: (name: TimerName) => void;
  readonly #isBackground: (name: TimerName) => boolean;
  readonly #running = new Map<number, Expiry>();

  constructor(engine: Engine, expire: (name: TimerName) => void, isBackground: (name: TimerName) => boolean) {
    this.#engine = engine;
    this.#expire = expire;
    this.#isBackground = isBackground;
  }

  /** Timers that are set, those that never rest left out. */
  get running(): number {
    let count = 0;
    for (const expiry of this.#running.values()) if (!expiry.background) count += 1;
    return count;
  }

  set(name: TimerName, delay: Micros): void {
    this.cancel(name);
    const key = keyOf(name);
    const expiry = new Expiry(this.#isBackground(name), () => {
      this.#running.delete(key);
      this.#expire(name);
    });
    this.#running.set(key, expiry);
    this.#engine.schedule(this.#engine.now + delay, expiry);
  }

  cancel(name: TimerName): void {
    const key = keyOf(name);
    const running = this.#running.get(key);
    if (running !== undefined) this.#engine.cancel(running);
    this.#running.delete(key);
  }

  clear(): void {
    for (const expiry of this.#running.values()) this.#engine.cancel(expiry);
    this.#running.clear();
  }
}

function keyOf({ instance, timer }: TimerName): number {
  return instance * 256 + timer;
}
