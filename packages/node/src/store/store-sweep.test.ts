import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Random } from "@destiny/core/kernel/random";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DamageSubject } from "./damage-subject.ts";

const PAGE_BYTES = 4_096;
/** Bytes of LMDB's header, in each of the first two pages, and of what every page begins with. */
const FILE_HEADER_BYTES = 168;
const PAGE_HEADER_BYTES = 24;
/** By day, of what lies between. */
const STRIDE = 64;
const CUT_STRIDE = 61;
/** Every opening leaves some memory behind in LMDB's binding: a process bears so many. */
const OPENINGS_MAX = 4_000;
const NIGHTLY = process.env["DESTINY_NIGHTLY"] !== undefined;
const NIGHT_MILLIS = 6 * 3_600_000;

const SWEEPER = `
  import { DamageSubject } from ${JSON.stringify(new URL("./damage-subject.ts", import.meta.url).href)};
  const [kind, from, to] = [process.argv[1], Number(process.argv[2]), Number(process.argv[3])];
  const subject = await DamageSubject.make();
  let refused = 0;
  const damage = (at) => kind === "cut" ? subject.cut(at) : subject.flip(at >> 3, at & 7);
  for (let at = from; at < to; at += 1) if ((await damage(at)) === "refused") refused += 1;
  subject.close();
  console.log(refused);
`;

let subject: DamageSubject;

beforeAll(async () => {
  subject = await DamageSubject.make();
});
afterAll(() => subject.close());

/** Where the keys and the values of all records begin and end, one byte more and one less. */
function boundaries(): number[] {
  const found: number[] = [];
  for (const prefix of [
    Buffer.of(1, 0, 2, 3),
    Buffer.of(1, 0, 2, 9),
    Buffer.of(2, 0, 0, 0),
    Buffer.of(0, 1),
  ]) {
    for (let at = subject.sound.indexOf(prefix); at >= 0; at = subject.sound.indexOf(prefix, at + 1)) {
      // The head of its node is 8 bytes; the checksum follows the key.
      for (const edge of [at - 8, at, at + prefix.length, at + 10, at + 18])
        found.push(edge - 1, edge, edge + 1);
    }
  }
  return found.filter((at) => at >= 0 && at < subject.used);
}

/** All of what LMDB trusts, the edges of records, and some of what lies between. */
function offsets(): number[] {
  const found = new Set(boundaries());
  for (let at = 0; at < subject.used; at += 1) {
    const within = at % PAGE_BYTES;
    const trusted = at < 2 * PAGE_BYTES ? FILE_HEADER_BYTES : PAGE_HEADER_BYTES;
    if (within < trusted || at % STRIDE === 0) found.add(at);
  }
  return [...found].sort((a, b) => a - b);
}

test("wherever a bit flips, the store is refused with advice, or nothing that it gives is changed, now or later", async () => {
  const random = new Random(7);
  const verdicts = { refused: 0, unharmed: 0 };
  for (const offset of offsets()) verdicts[await subject.flip(offset, random.below(8))] += 1;
  process.stdout.write(`flips: ${JSON.stringify(verdicts)} in ${subject.used} bytes\n`);
  expect(verdicts.refused).toBeGreaterThan(700);
  expect(verdicts.unharmed).toBeGreaterThan(100);
}, 120_000);

test("wherever the file is cut within what is in use, it is refused", async () => {
  const nextToPages = [...Array(Math.floor(subject.used / PAGE_BYTES)).keys()].flatMap((page) => {
    return [-1, 0, 1].map((byte) => page * PAGE_BYTES + byte);
  });
  const strided = [...Array(Math.floor(subject.used / CUT_STRIDE)).keys()].map((at) => at * CUT_STRIDE);
  for (const length of [...nextToPages, ...strided]) {
    if (length >= 0) expect(await subject.cut(length), `${length} of ${subject.used} bytes`).toBe("refused");
  }
}, 120_000);

test("what is reserved beyond may be cut", async () => {
  expect(await subject.cut(Math.ceil(subject.used / PAGE_BYTES) * PAGE_BYTES)).toBe("unharmed");
});

/** Damages from one place to before another, in a process of its own; how many were refused. */
function swept(kind: "cut" | "flip", from: number, to: number): Promise<number> {
  const sources = fileURLToPath(new URL("../../../../tools/typescript-sources.mjs", import.meta.url));
  const options = ["--conditions=source", "--import", sources, "--input-type=module", "-e", SWEEPER];
  const child = spawn(process.execPath, [...options, kind, String(from), String(to)]);
  let [output, errors] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Number(output));
      else
        reject(new Error(`${kind}s ${from} to ${to} ended with ${signal ?? code}: ${errors.slice(-2_000)}`));
    });
  });
}

/** Two processes at a time. */
async function sweep(kind: "cut" | "flip", places: number): Promise<number> {
  let next = 0;
  let refused = 0;
  const worker = async (): Promise<void> => {
    while (next < places) {
      const from = next;
      next = Math.min(places, from + OPENINGS_MAX);
      refused += await swept(kind, from, next);
    }
  };
  await Promise.all([worker(), worker()]);
  process.stdout.write(`${kind}s: ${refused} of ${places} refused, the others changed nothing\n`);
  return refused;
}

test.runIf(NIGHTLY)(
  "every bit of every byte that is in use: refused, or nothing is changed",
  async () => {
    expect(await sweep("flip", 8 * subject.used)).toBeGreaterThan(subject.used);
  },
  NIGHT_MILLIS,
);

test.runIf(NIGHTLY)(
  "every length that is in use: refused",
  async () => {
    const inUse = Math.ceil(subject.used / PAGE_BYTES) * PAGE_BYTES;
    expect(await sweep("cut", inUse)).toBe(inUse);
  },
  NIGHT_MILLIS,
);
