import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreCosts } from "@destiny/experiments/calibrate/modern-profile";
import { Store } from "@destiny/node/store/store";

const SMALL_BYTES = 200;
const LARGE_BYTES = 106_000;
const SMALL_RECORDS = 4_000;
const LARGE_RECORDS = 400;
/** Records that become durable together, as under load. */
const GROUP = 8;
const RETIRED_EVERY = 128;
const LONE = 50;

/** What a record costs the store here, in time of the processor, and how long one waits for it. */
export async function storeCosts(): Promise<StoreCosts> {
  const dir = mkdtempSync(join(tmpdir(), "destiny-store-"));
  const failed = (failure: Error): never => {
    throw failure;
  };
  const store = await Store.open({
    ...{ dir, cluster: "c".repeat(32), replica: 0, failed },
    historyBytesMax: 64 * 1024 * 1024,
  });
  try {
    const log = new Log(store);
    await log.write(SMALL_BYTES, SMALL_RECORDS / 10);
    const small = await log.write(SMALL_BYTES, SMALL_RECORDS);
    const large = await log.write(LARGE_BYTES, LARGE_RECORDS);
    const nanosPerByte = (Math.max(0, large - small) * 1_000) / (LARGE_BYTES - SMALL_BYTES);
    return { micros: small, nanosPerByte, delayMicros: await log.lone() };
  } finally {
    await store.close();
    rmSync(dir, { recursive: true });
  }
}

class Log {
  readonly #store: Store;
  #seq = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Micros of the processor per record. */
  async write(bytes: number, records: number): Promise<number> {
    const value = new Uint8Array(bytes);
    const begun = process.cpuUsage();
    for (let written = 0; written < records; written += GROUP) {
      for (let i = 0; i < GROUP; i += 1) this.#append(value);
      await this.#store.whenDurable(this.#store.barrier());
    }
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / records;
  }

  /** A lone record's least time of ten: nobody else had processor and disk then. */
  async lone(): Promise<number> {
    const value = new Uint8Array(SMALL_BYTES);
    const micros: number[] = [];
    for (let i = 0; i < LONE; i += 1) {
      const begun = performance.now();
      this.#append(value);
      await this.#store.whenDurable(this.#store.barrier());
      micros.push((performance.now() - begun) * 1_000);
    }
    return micros.sort((a, b) => a - b)[LONE / 10] ?? 0;
  }

  #append(value: Uint8Array): void {
    this.#seq += 1;
    this.#store.append({ instance: 0, kind: 1, seq: this.#seq }, value);
    if (this.#seq % RETIRED_EVERY === 0)
      this.#store.retire([{ instance: 0, seq: this.#seq - RETIRED_EVERY }]);
  }
}
