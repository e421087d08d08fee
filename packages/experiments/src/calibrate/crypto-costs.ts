import { randomBytes } from "node:crypto";
import { present } from "@destiny/core/kernel/invariant";
import type { BlsBackend } from "@destiny/crypto/bls/backend";
import { CheckQueue } from "@destiny/crypto/bls/check-queue";
import { openBls } from "@destiny/crypto/bls/open";
import { dealThreshold, openScheme, openShareSigner } from "@destiny/crypto/certificates/keys";
import type { CertificateScheme, Share, ShareSigner } from "@destiny/crypto/certificates/scheme";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { openEd25519 } from "@destiny/crypto/signatures/ed25519";
import { cpuMicros } from "./cpu-time.ts";

/** What the cryptography of a replica costs here. Micros of one processor, nanos where it says so. */
export interface CryptoCosts {
  readonly sign: number;
  readonly verify: number;
  readonly share: number;
  /** Of a certificate, where {@link BATCH} come together. */
  readonly certificate: number;
  /** To combine shares: what it costs at all, and for each more. */
  readonly combine: number;
  readonly combinePerShare: number;
  readonly hashNanosPerByte: number;
}

const BATCH = 8;
const FEW = 4;
const MANY = 49;
const STATEMENT_BYTES = 100;
const LARGE_BYTES = 106_000;

/** Measures the libraries that replicas use. */
export async function cryptoCosts(): Promise<CryptoCosts> {
  const { keyFromSeed, verify } = openEd25519();
  const key = keyFromSeed(randomBytes(32));
  const message = randomBytes(STATEMENT_BYTES);
  const signed = { publicKey: key.publicKey, message, signature: key.sign(message) };
  const large = randomBytes(LARGE_BYTES);
  return {
    sign: await cpuMicros(100, () => repeat(100, () => key.sign(message))),
    verify: await cpuMicros(100, () => repeat(100, () => verify(signed))),
    hashNanosPerByte: (await cpuMicros(20, () => repeat(20, () => digestOf(large)))) / (LARGE_BYTES / 1_000),
    ...(await blsCosts()),
  };
}

async function blsCosts(): Promise<
  Pick<CryptoCosts, "share" | "certificate" | "combine" | "combinePerShare">
> {
  const backend = openBls(() => undefined);
  const few = await groupOf(backend, FEW);
  const many = await groupOf(backend, MANY);
  const [signer] = many.signers;
  const statement = randomBytes(STATEMENT_BYTES);
  const share = await cpuMicros(20, () => repeat(20, () => present(signer, "a signer").signSync(statement)));
  const claims = await Promise.all(
    Array.from({ length: BATCH }, async () => {
      const each = randomBytes(STATEMENT_BYTES);
      const { certificate } = await few.scheme.combine(each, sharesOf(few, each));
      return { statement: each, certificate: present(certificate, "a certificate") };
    }),
  );
  const certificate = await cpuMicros(BATCH, () => few.scheme.verify(claims));
  const ofFew = await combining(few);
  const perShare = Math.max(0, ((await combining(many)) - ofFew) / (MANY - FEW));
  await backend.close();
  return { share, certificate, combine: ofFew - FEW * perShare, combinePerShare: perShare };
}

interface Group {
  readonly scheme: CertificateScheme;
  readonly signers: readonly ShareSigner[];
}

async function groupOf(backend: BlsBackend, threshold: number): Promise<Group> {
  const { keys, secrets } = dealThreshold(backend, 2 * threshold - 1, threshold, randomBytes);
  const signers = secrets.map((secret) => openShareSigner(backend, "threshold", secret));
  return { scheme: await openScheme(backend, new CheckQueue(backend, 1), keys), signers };
}

function sharesOf({ scheme, signers }: Group, statement: Uint8Array): Share[] {
  const some = signers.slice(0, scheme.threshold);
  return some.map((each, signer) => ({ signer, share: each.signSync(statement) }));
}

async function combining(group: Group): Promise<number> {
  const statement = randomBytes(STATEMENT_BYTES);
  const shares = sharesOf(group, statement);
  return cpuMicros(1, () => group.scheme.combine(statement, shares));
}

function repeat(times: number, run: () => unknown): void {
  for (let i = 0; i < times; i += 1) run();
}
