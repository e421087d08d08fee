// The store beside the least that could do its work, a file that is appended to and synced, in the store's
// own access pattern. Run: npm run --silent build && npm run bench:store [directory]
import { closeSync, fdatasync, mkdtempSync, openSync, rmSync, writeSync, writev } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { Store } from "./store.ts";

/** What the benchmark needs of a log. */
interface Log {
  append(seq: number, value: Uint8Array): void;
  whenDurable(): Promise<void>;
  checkpoint(seq: number): void;
  close(): Promise<void>;
}

const CHECKPOINT_RECORDS = 128;
const HISTORY_BYTES_MAX = 64 * 1024 * 1024;
const STREAM_BYTES = 600e6;

async function openStore(dir: string): Promise<Log> {
  const failed = (failure: Error): never => {
    throw failure;
  };
  const options = { dir, cluster: "c".repeat(32), replica: 0, historyBytesMax: HISTORY_BYTES_MAX, failed };
  const store = await Store.open(options);
  return {
    append: (seq, value) => store.append({ instance: 0, kind: 1, seq }, value),
    whenDurable: () => store.whenDurable(store.barrier()),
    checkpoint: (seq) => store.retire([{ instance: 0, seq }]),
    close: () => store.close(),
  };
}

/**
 * Appends with group commit, and starts over at the beginning where a real log would take its next segment.
 */
class AppendFile implements Log {
  readonly #fd: number;
  readonly #queue: Uint8Array[] = [];
  readonly #waiters: (() => void)[] = [];
  #offset = 0;
  #isBusy = false;

  constructor(dir: string, preallocatedBytes: number) {
    this.#fd = openSync(join(dir, "log"), "w");
    const zeros = Buffer.alloc(1024 * 1024);
    for (let at = 0; at < preallocatedBytes; at += zeros.length)
      writeSync(this.#fd, zeros, 0, zeros.length, at);
  }

  append(seq: number, value: Uint8Array): void {
    const frame = Buffer.alloc(16);
    frame.writeUIntBE(seq, 0, 6);
    frame.writeUInt32BE(value.length, 6);
    frame.writeUInt32BE(crc32(value, crc32(frame)), 10);
    this.#queue.push(frame, value);
  }

  whenDurable(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      if (!this.#isBusy) queueMicrotask(() => this.#sync());
    });
  }

  checkpoint(): void {}

  async close(): Promise<void> {
    closeSync(this.#fd);
  }

  #sync(): void {
    if (this.#isBusy || this.#waiters.length === 0) return;
    this.#isBusy = true;
    const waiters = this.#waiters.splice(0);
    writev(this.#fd, this.#queue.splice(0), this.#offset, (writeError, bytes) => {
      if (writeError !== null) throw writeError;
      this.#offset = this.#offset > HISTORY_BYTES_MAX * 2 ? 0 : this.#offset + bytes;
      fdatasync(this.#fd, (syncError) => {
        if (syncError !== null) throw syncError;
        this.#isBusy = false;
        for (const resolve of waiters) resolve();
        this.#sync();
      });
    });
  }
}

/** One record at a time: how long until it is durable. */
async function lone(log: Log, bytes: number, records: number): Promise<string> {
  const millis: number[] = [];
  for (let seq = 1; seq <= records; seq += 1) {
    const value = Buffer.alloc(bytes, seq);
    const start = performance.now();
    log.append(seq, value);
    await log.whenDurable();
    millis.push(performance.now() - start);
    if (seq % CHECKPOINT_RECORDS === 0) log.checkpoint(seq - CHECKPOINT_RECORDS);
  }
  return `${percentile(millis, 0.5)} / ${percentile(millis, 0.99)} ms`;
}

/** As many records outstanding as `depth`: what a busy replica sees. */
async function stream(log: Log, bytes: number, depth: number): Promise<string> {
  const records = Math.min(20_000, Math.ceil(STREAM_BYTES / bytes));
  const value = Buffer.alloc(bytes, "some value ");
  const millis: number[] = [];
  let seq = 0;
  const lane = async (): Promise<void> => {
    while (seq < records) {
      seq += 1;
      log.append(seq, value);
      if (seq % CHECKPOINT_RECORDS === 0) log.checkpoint(seq - CHECKPOINT_RECORDS);
      const start = performance.now();
      await log.whenDurable();
      millis.push(performance.now() - start);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: depth }, lane));
  const seconds = (performance.now() - start) / 1000;
  const rate = `${Math.round(records / seconds)} /s, ${Math.round((records * bytes) / seconds / 1e6)} MB/s`;
  return `${rate}, ${percentile(millis, 0.5)} / ${percentile(millis, 0.99)} ms`;
}

function percentile(values: readonly number[], fraction: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * fraction)] ?? 0).toFixed(2);
}

const SUBJECTS: Record<string, (dir: string) => Promise<Log> | Log> = {
  "store (lmdb)": openStore,
  "append + fdatasync": (dir) => new AppendFile(dir, 0),
  "preallocated + fdatasync": (dir) => new AppendFile(dir, 2.5 * HISTORY_BYTES_MAX),
};

const CASES: Record<string, (log: Log) => Promise<string>> = {
  "lone 200 B": (log) => lone(log, 200, 2_000),
  "lone 100 KB": (log) => lone(log, 100_000, 1_500),
  "64 in flight, 200 B": (log) => stream(log, 200, 64),
  "16 in flight, 100 KB": (log) => stream(log, 100_000, 16),
  "16 in flight, 500 KB": (log) => stream(log, 500_000, 16),
};

for (const [name, run] of Object.entries(CASES)) {
  for (const [subject, open] of Object.entries(SUBJECTS)) {
    const dir = mkdtempSync(join(process.argv[2] ?? tmpdir(), "store-bench-"));
    const log = await open(dir);
    const result = await run(log);
    await log.close();
    rmSync(dir, { recursive: true });
    process.stdout.write(`${name.padEnd(22)} ${subject.padEnd(26)} ${result} (p50 / p99)\n`);
  }
}
