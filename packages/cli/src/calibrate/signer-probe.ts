import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Counter } from "@destiny/core/wire/statement";
import type { CertifyRequest } from "@destiny/crypto/trusted/request";
import { createSignerDirectory } from "@destiny/crypto/trusted/signer-directory";
import { type SpawnedSigner, spawnSigner } from "@destiny/crypto/trusted/spawn";
import type { SignerCosts } from "@destiny/experiments/calibrate/modern-profile";
import { resourceUse } from "@destiny/node/cluster/resource-use";

const SIGNATURES = 2_000;
/** Asked for at once, as a loaded replica does. */
const BATCH = 8;
const LONE = 50;
const MILLION = 1_000_000;

/** What a signature of the trusted signer's process costs here: its processor time and ours, and the wait beside it. */
export async function signerCosts(): Promise<SignerCosts> {
  const folder = mkdtempSync(join(tmpdir(), "destiny-signer-"));
  const directory = join(folder, "signer");
  createSignerDirectory(directory, {
    preamble: { cluster: "c".repeat(32), configuration: 0 },
    ...{ replica: 0, bootEpoch: 1, instances: 1, scheme: "threshold" },
    shareSecret: "01".repeat(32),
    identitySeed: "02".repeat(32),
  });
  const signer = await spawnSigner(directory, { socketPath: join(folder, "signer.sock") });
  try {
    return await measure(signer);
  } finally {
    await signer.close();
    rmSync(folder, { recursive: true });
  }
}

async function measure(signer: SpawnedSigner): Promise<SignerCosts> {
  let seq = 0;
  const next = (): CertifyRequest => {
    seq += 1;
    const value = { view: 0, seq };
    return { kind: "independent", instance: 0, counter: Counter.Order, value, message: randomBytes(60) };
  };
  const batch = (): CertifyRequest[] => Array.from({ length: BATCH }, next);
  for (let i = 0; i < LONE; i += 1) await signer.certify(batch());
  const host = process.cpuUsage();
  const before = resourceUse(signer.pid)?.cpuSeconds ?? 0;
  for (let i = 0; i < SIGNATURES; i += BATCH) await signer.certify(batch());
  const { user, system } = process.cpuUsage(host);
  const signerMicros = (((resourceUse(signer.pid)?.cpuSeconds ?? 0) - before) * MILLION) / SIGNATURES;
  const hostMicros = (user + system) / SIGNATURES;
  return {
    hostMicros,
    signerMicros,
    delayMicros: Math.max(0, (await lone(signer, next)) - signerMicros - hostMicros),
  };
}

/** A lone signature's least time of ten: nobody else had the processor then. */
async function lone(signer: SpawnedSigner, next: () => CertifyRequest): Promise<number> {
  const micros: number[] = [];
  for (let i = 0; i < LONE; i += 1) {
    const begun = performance.now();
    await signer.certify([next()]);
    micros.push((performance.now() - begun) * 1_000);
  }
  return micros.sort((a, b) => a - b)[LONE / 10] ?? 0;
}
