import type { DriverStore } from "@destiny/node/host/replica-driver";
import type { Checkpoint, NewCheckpoint } from "@destiny/node/store/checkpoint";
import type { LogKey } from "@destiny/node/store/layout";
import type { Store, StoredRecord } from "@destiny/node/store/store";

/** A real store whose disk can be made to take its time: while it does, nothing is said to be durable. */
export class StallingStore implements DriverStore {
  readonly #store: Store;
  readonly #listeners: ((position: number) => void)[] = [];
  /** What was durable when the disk stalled. */
  #stalledAt: number | null = null;

  constructor(store: Store) {
    this.#store = store;
    store.onDurable(() => this.#tell());
  }

  stall(): void {
    this.#stalledAt = this.#store.durablePosition;
  }

  resume(): void {
    this.#stalledAt = null;
    this.#tell();
  }

  /** Whether the disk itself has nothing left to do. */
  get idle(): boolean {
    return this.#store.durablePosition >= this.#store.barrier();
  }

  get durablePosition(): number {
    return this.#stalledAt ?? this.#store.durablePosition;
  }

  onDurable(listener: (position: number) => void): void {
    this.#listeners.push(listener);
  }

  append(key: LogKey, value: Uint8Array, wanted?: boolean): void {
    this.#store.append(key, value, wanted);
  }

  barrier(): number {
    return this.#store.barrier();
  }

  saveCheckpoint(checkpoint: NewCheckpoint): void {
    this.#store.saveCheckpoint(checkpoint);
  }

  loadCheckpoint(): Checkpoint | undefined {
    return this.#store.loadCheckpoint();
  }

  records(): Generator<StoredRecord> {
    return this.#store.records();
  }

  range(...place: Parameters<Store["range"]>): ReturnType<Store["range"]> {
    return this.#store.range(...place);
  }

  page(...place: Parameters<Store["page"]>): ReturnType<Store["page"]> {
    return this.#store.page(...place);
  }

  retire(watermarks: Parameters<Store["retire"]>[0]): void {
    this.#store.retire(watermarks);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #tell(): void {
    if (this.#stalledAt !== null) return;
    for (const listener of this.#listeners) listener(this.#store.durablePosition);
  }
}
