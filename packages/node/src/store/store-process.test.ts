import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Store } from "./store.ts";

/** Children run the build, as replicas do. */
const BUILT = new URL("../../dist/store/store.js", import.meta.url).href;
const CLUSTER = "c".repeat(32);
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "store-process-"));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

/**
 * A replica that writes for ever and says how much is durable: of 20 writes, one a checkpoint and one a
 * retirement.
 */
const WRITER = `
  import { Store } from ${JSON.stringify(BUILT)};
  const failed = (failure) => { console.log("failed", failure.name); process.exitCode = 3; };
  const [dir, length] = [process.argv[1], Number(process.argv[2])];
  const cluster = ${JSON.stringify(CLUSTER)};
  const store = await Store.open({ dir, cluster, replica: 0, historyBytesMax: 1e5, failed });
  const positions = [];
  let durable = 0;
  store.onDurable((position) => {
    while (positions[durable] <= position) durable += 1;
    process.stdout.write("durable " + durable + "\\n");
  });
  const write = (seq) => {
    if (seq % 20 === 0) {
      const bytes = (index) => Buffer.alloc(length, "page " + index + " of " + seq + ";");
      const pages = [0, 1].map((index) => ({ index, bytes: bytes(index) }));
      store.saveCheckpoint({ seq, cut: [seq], meta: Buffer.from(String(seq)), pages, pageCount: 2 });
    } else if (seq % 20 === 1 && seq > 80) {
      store.retire([{ instance: 0, seq: seq - 80 }]);
    } else {
      store.append({ instance: 0, kind: 1, seq }, Buffer.alloc(length, seq + ","));
    }
    positions.push(store.barrier());
  };
  let turn = 0;
  const step = () => {
    try {
      for (let record = 0; record < 1 + (turn % 3); record += 1) write(positions.length + 1);
    } catch (error) { console.log("refused", error.name); return; }
    turn += 1;
    setTimeout(step, turn % 2);
  };
  step();
`;

interface Writer {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exited: Promise<number | null>;
}

/** With a limit, writing beyond so many KiB of file fails, as on a full disk. */
function startWriter(length: number, fileKibMax?: number): Writer {
  const node = [process.execPath, "--input-type=module", "-e", WRITER, dir, String(length)];
  const limited = ["bash", "-c", `ulimit -f ${fileKibMax}; exec "$@"`, "bash", ...node];
  const [command = "", ...args] = fileKibMax === undefined ? node : limited;
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exited = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { child, output: () => output, exited };
}

function lastDurable(output: string): number {
  const lines = [...output.matchAll(/^durable (\d+)\n/gm)];
  return Number(lines.at(-1)?.[1] ?? 0);
}

function open(): Promise<Store> {
  const failed = (failure: Error): never => {
    throw failure;
  };
  return Store.open({ dir, cluster: CLUSTER, replica: 0, historyBytesMax: 1e5, failed });
}

/** Everything that the writer said was durable is there, and the checkpoint is of one piece. */
async function verify(durable: number, length: number): Promise<void> {
  const store = await open();
  const values = new Map([...store.records()].map(({ key, value }) => [key.seq, value]));
  for (let seq = Math.max(durable - 40, 1); seq <= durable; seq += 1) {
    const expected =
      seq % 20 === 0 || (seq % 20 === 1 && seq > 80) ? undefined : Buffer.alloc(length, `${seq},`);
    // A bare comparison, for nobody wants to see 400 KB of difference.
    expect(expected?.equals(values.get(seq) ?? Buffer.alloc(0)) ?? !values.has(seq), `record ${seq}`).toBe(
      true,
    );
  }
  const checkpoint = store.loadCheckpoint();
  const latest = Math.floor(durable / 20) * 20;
  if (latest > 0) expect(checkpoint?.seq).toBeGreaterThanOrEqual(latest);
  for (const index of checkpoint === undefined ? [] : [0, 1]) {
    const expected = Buffer.alloc(length, `page ${index} of ${checkpoint?.seq};`);
    expect(expected.equals(checkpoint?.page(index) ?? Buffer.alloc(0)), `page ${index}`).toBe(true);
  }
  expect(Buffer.from(checkpoint?.meta ?? []).toString()).toBe(String(checkpoint?.seq ?? ""));
  await store.close();
}

test.each([
  [100, 300],
  [30_000, 450],
  [400_000, 600],
])(
  "all that was durable survives SIGKILL, records of %i bytes, checkpoints whole",
  async (length, millis) => {
    const writer = startWriter(length);
    while (lastDurable(writer.output()) < 30) await delay(5);
    await delay(millis);
    writer.child.kill("SIGKILL");
    await writer.exited;
    const durable = lastDurable(writer.output());
    expect(durable).toBeGreaterThan(30);
    await verify(durable, length);
  },
);

test("a second process is refused while the first lives, and let in when it was killed", async () => {
  const writer = startWriter(100);
  while (lastDurable(writer.output()) < 1) await delay(5);
  await expect(open()).rejects.toThrow(/in use by another process.*Stop that replica/);
  writer.child.kill("SIGKILL");
  await writer.exited;
  await (await open()).close();
});

test("a disk that takes no more is a failure, said once, and nothing is durable after it", async () => {
  const length = 30_000;
  const writer = startWriter(length, 2_048);
  const code = await writer.exited;
  const output = writer.output();
  expect(code, output).toBe(3);
  expect(output.match(/^failed StoreFailure$/gm)).toHaveLength(1);
  expect(output).toMatch(/^refused StoreFailure$/m);
  expect(output.slice(output.indexOf("failed"))).not.toContain("durable");
  await verify(lastDurable(output), length);
});
