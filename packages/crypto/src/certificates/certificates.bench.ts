import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { present } from "@destiny/core/kernel/invariant";
import type { BlsBackend } from "../bls/backend.ts";
import { CheckQueue } from "../bls/check-queue.ts";
import { openBls } from "../bls/open.ts";
import { openEd25519, type Signed } from "../signatures/ed25519.ts";
import { SignatureVerifier } from "../signatures/verifier.ts";
import {
  dealThreshold,
  generateListKey,
  generateMultisigKey,
  openScheme,
  openShareSigner,
  type SchemeKeys,
} from "./keys.ts";
import { LIST_SIGNERS_MAX } from "./list.ts";
import type { CertificateScheme, Claim, Share, ShareSigner } from "./scheme.ts";

// `npm run bench:crypto`: both kinds of certificate side by side, and Ed25519. Times are 10th percentiles, in
// microseconds: what the work costs when nothing else wants the core.

const SIZES: readonly (readonly [number, number])[] = [
  [3, 2],
  [5, 3],
  [7, 4],
  [19, 10],
  [49, 25],
  [97, 49],
];
/** Jobs in flight together, where a column says batched. */
const BATCH = 32;

interface Group {
  readonly scheme: CertificateScheme;
  readonly signers: readonly ShareSigner[];
}

type Row = Record<string, string | number>;

async function makeGroup(
  backend: BlsBackend,
  kind: SchemeKeys["kind"],
  n: number,
  threshold: number,
): Promise<Group> {
  const queue = new CheckQueue(backend, 1);
  if (kind === "threshold") {
    const { keys, secrets } = dealThreshold(backend, n, threshold, randomBytes);
    const signers = secrets.map((secret) => openShareSigner(backend, kind, secret));
    return { scheme: await openScheme(backend, queue, keys), signers };
  }
  if (kind === "list") {
    const pairs = Array.from({ length: n }, () => generateListKey(randomBytes));
    const keys = { kind, threshold, keys: pairs.map(({ publicKey }) => publicKey) };
    const signers = pairs.map(({ secret }) => openShareSigner(backend, kind, secret));
    return { scheme: await openScheme(backend, queue, keys), signers };
  }
  const made = Array.from({ length: n }, () => generateMultisigKey(backend, randomBytes));
  const keys: SchemeKeys = { kind, threshold, members: made.map(({ member }) => member) };
  const signers = made.map(({ secret }) => openShareSigner(backend, kind, secret));
  return { scheme: await openScheme(backend, queue, keys), signers };
}

/** Shares of as many randomly chosen signers as the threshold asks for. */
function sharesOf({ scheme, signers }: Group, statement: Uint8Array): Share[] {
  const order = signers.map((_, signer) => ({ signer, key: Math.random() })).sort((a, b) => a.key - b.key);
  return order.slice(0, scheme.threshold).map(({ signer }) => {
    return { signer, share: present(signers[signer], "a signer").signSync(statement) };
  });
}

/** Tenth percentile of the time that one job takes where `run` does `each`. */
async function time(rounds: number, each: number, run: (round: number) => Promise<unknown>): Promise<number> {
  const micros: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = process.hrtime.bigint();
    await run(round);
    micros.push(Number(process.hrtime.bigint() - start) / 1000 / each);
  }
  micros.sort((a, b) => a - b);
  return Math.round(present(micros[Math.floor(micros.length / 10)], "a round"));
}

async function measure(group: Group, rounds: number): Promise<Row> {
  const { scheme } = group;
  const jobs = Array.from({ length: BATCH }, () => randomBytes(64)).map((statement) => {
    return { statement, shares: sharesOf(group, statement) };
  });
  const job = (i: number): (typeof jobs)[number] => present(jobs[i % BATCH], "a job");
  const claims: Claim[] = [];
  for (const { statement, shares } of jobs) {
    const { certificate } = await scheme.combine(statement, shares);
    claims.push({ statement, certificate: present(certificate, "a certificate") });
  }
  const claim = (i: number): Claim => present(claims[i % BATCH], "a claim");
  const spoil = (i: number): Share[] => {
    const [first, ...rest] = job(i).shares;
    return [
      { signer: present(first, "a share").signer, share: present(job(i + 1).shares[0], "a share").share },
      ...rest,
    ];
  };
  return {
    bytes: scheme.certificateBytes,
    "combine one": await time(rounds, 1, (i) => scheme.combine(job(i).statement, job(i).shares)),
    "combine, batched": await time(Math.ceil(rounds / 4), BATCH, () =>
      Promise.all(jobs.map(({ statement, shares }) => scheme.combine(statement, shares))),
    ),
    "verify one": await time(rounds, 1, (i) => scheme.verify([claim(i)])),
    "verify, batched": await time(Math.ceil(rounds / 4), BATCH, () => scheme.verify(claims)),
    "find a culprit": await time(Math.ceil(rounds / 4), 1, (i) => scheme.combine(job(i).statement, spoil(i))),
  };
}

async function certificates(backend: BlsBackend): Promise<Row[]> {
  const rows: Row[] = [];
  const rounds = backend.name === "native" ? 40 : 3;
  const sizes = backend.name === "native" ? SIZES : SIZES.slice(0, 3);
  for (const [n, threshold] of sizes) {
    for (const kind of ["threshold", "multisig", "list"] as const) {
      if (kind === "list" && n > LIST_SIGNERS_MAX) continue;
      const group = await makeGroup(backend, kind, n, threshold);
      rows.push({ "n / t": `${n} / ${threshold}`, kind, ...(await measure(group, rounds)) });
    }
  }
  return rows;
}

/** The longest that one turn of the event loop took while `work` was under way, in microseconds. */
async function longestTurn(work: Promise<unknown>): Promise<number> {
  let running = true;
  let longest = 0;
  const ended = work.then(() => {
    running = false;
  });
  for (let last = process.hrtime.bigint(); running; ) {
    await nextTurn();
    const now = process.hrtime.bigint();
    longest = Math.max(longest, Number(now - last) / 1000);
    last = now;
  }
  await ended;
  return Math.round(longest);
}

async function signatures(): Promise<Row[]> {
  const ed25519 = openEd25519();
  const key = ed25519.keyFromSeed(randomBytes(32));
  const rows: Row[] = [];
  for (const threaded of [false, true]) {
    const verifier = new SignatureVerifier(ed25519, threaded);
    for (const count of [1, 8, 64, 256]) {
      const items = Array.from({ length: count }, (): Signed => {
        const message = randomBytes(100);
        return { publicKey: key.publicKey, message, signature: key.sign(message) };
      });
      await verifier.verifyMany(items);
      const each = await time(9, count, () => verifier.verifyMany(items));
      const longest = await longestTurn(verifier.verifyMany(items));
      rows.push({
        library: ed25519.library,
        threaded: String(threaded),
        count,
        each,
        "longest turn": longest,
      });
    }
    await verifier.close();
  }
  return rows;
}

function table(rows: readonly Row[]): string {
  const names = Object.keys(rows[0] ?? {});
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  const body = rows.map((row) => line(names.map((name) => row[name] ?? "")));
  return [line(names), line(names.map(() => "---")), ...body].join("\n");
}

const backend = openBls((text) => process.stderr.write(`${text}\n`));
const signing = openShareSigner(backend, "multisig", `${"00".repeat(31)}05`);
const share = await time(40, 1, async () => signing.signSync(randomBytes(64)));
process.stdout.write(`BLS back end: ${backend.name}. One share: ${share} us.\n\n`);
process.stdout.write(`${table(await certificates(backend))}\n\n${table(await signatures())}\n`);
await backend.close();
