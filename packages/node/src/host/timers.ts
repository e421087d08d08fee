import type { InstanceId, Micros, TimerId } from "@destiny/core/kernel/ids";

/** The core's timers on the real clock. Setting one replaces it; a cancelled one never fires. */
export class Timers {
  readonly #fire: (instance: InstanceId, timer: TimerId) => void;
  readonly #running = new Map<number, NodeJS.Timeout>();

  constructor(fire: (instance: InstanceId, timer: TimerId) => void) {
    this.#fire = fire;
  }

  set(instance: InstanceId, timer: TimerId, delay: Micros): void {
    const key = keyOf(instance, timer);
    clearTimeout(this.#running.get(key));
    const timeout = setTimeout(() => {
      this.#running.delete(key);
      this.#fire(instance, timer);
    }, delay / 1_000);
    this.#running.set(key, timeout);
  }

  cancel(instance: InstanceId, timer: TimerId): void {
    const key = keyOf(instance, timer);
    clearTimeout(this.#running.get(key));
    this.#running.delete(key);
  }

  close(): void {
    for (const timeout of this.#running.values()) clearTimeout(timeout);
    this.#running.clear();
  }
}

function keyOf(instance: InstanceId, timer: TimerId): number {
  return instance * 256 + timer;
}
