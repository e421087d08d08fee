import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Counter } from "@destiny/core/wire/statement";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestOf } from "../hash/sha256.ts";
import { openEd25519 } from "../signatures/ed25519.ts";
import { verifyAttestation } from "./attestation.ts";
import { connectSigner } from "./client.ts";
import type { CertifyRequest } from "./request.ts";
import { createSignerDirectory } from "./signer-directory.ts";
import { type SpawnedSigner, spawnSigner } from "./spawn.ts";
import { SignerUnavailable } from "./subsystem.ts";

const entry = fileURLToPath(new URL("../../dist/trusted/main.js", import.meta.url));
let parent: string;
let directory: string;
let socketPath: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "destiny-spawn-"));
  directory = join(parent, "signer");
  socketPath = join(parent, "signer.sock");
  createSignerDirectory(directory, {
    preamble: { cluster: digestOf(Uint8Array.of(1)), configuration: 0 },
    replica: 1,
    bootEpoch: 7,
    instances: 2,
    scheme: "threshold",
    shareSecret: "01".repeat(32),
    identitySeed: "02".repeat(32),
  });
});

afterEach(() => rmSync(parent, { recursive: true }));

function start(log: string[] = []): Promise<SpawnedSigner> {
  return spawnSigner(directory, { socketPath, onLog: (text) => log.push(text) });
}

function ask(seq: number, text: string, kind: CertifyRequest["kind"] = "independent"): CertifyRequest {
  const message = new TextEncoder().encode(text);
  return { kind, instance: 1, counter: Counter.Order, value: { view: 1, seq }, message };
}

// The process runs what was compiled: `npm test` builds first.
describe.skipIf(!existsSync(entry))("a signer in its own process", () => {
  test("killed at any moment, it remembers what it certified, and certifies the same again bit for bit", async () => {
    const first = await start();
    const requests = [ask(1, "a"), ask(2, "b"), ask(3, "c", "continuing")];
    const outcomes = await first.certify(requests);
    const lost = first.certify([ask(4, "d")]).catch((error: unknown) => error);
    process.kill(first.pid, "SIGKILL");
    expect(await first.exited).toBeNull();
    expect((await lost) instanceof SignerUnavailable || Array.isArray(await lost)).toBe(true);

    const second = await start();
    expect(await second.certify(requests)).toEqual(outcomes);
    expect((await second.certify([ask(4, "d")]))[0]?.ok).toBe(true);
    expect(await second.certify([ask(2, "evil")])).toEqual([{ ok: false, refusal: "valueUsed" }]);
    await second.close();
    expect(await second.exited).toBe(0);
    expect(existsSync(socketPath)).toBe(false);
  });

  test("it attests who it is, for the nonce that was asked", async () => {
    const signer = await start();
    const ed25519 = openEd25519();
    const nonce = Uint8Array.of(1, 2, 3);
    const attestation = await signer.attest(nonce);
    expect(attestation.description).toEqual(signer.description);
    expect(signer.tier).toBe("T1");
    expect(verifyAttestation(attestation, nonce, ed25519)).toBe(true);
    expect(verifyAttestation(attestation, Uint8Array.of(1, 2, 4), ed25519)).toBe(false);
    const other = { ...attestation, description: { ...attestation.description, replica: 0 } };
    expect(verifyAttestation(other, nonce, ed25519)).toBe(false);
    await signer.close();
  });

  test("with an older journal it does not start, and says why", async () => {
    const journal = join(directory, "journal");
    const first = await start();
    await first.certify([ask(1, "a")]);
    copyFileSync(journal, join(parent, "old"));
    await first.certify([ask(2, "b")]);
    await first.close();
    copyFileSync(join(parent, "old"), journal);

    const log: string[] = [];
    await expect(start(log)).rejects.toThrow(/ended with 1/);
    expect(log.join("")).toMatch(/journal is refused: an old or cut copy: 1 of at least 2/);
  });

  test("it ends on SIGTERM, and when its parent dies", async () => {
    const child = spawn(process.execPath, [entry, "--dir", directory, "--socket", socketPath]);
    await once(child.stdout, "data");
    const client = await connectSigner(socketPath);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    await expect(client.certify([ask(1, "a")])).rejects.toThrow(SignerUnavailable);

    const orphan = `import { spawn } from "node:child_process";
      const child = spawn(process.execPath, ${JSON.stringify([entry, "--dir", directory, "--socket", socketPath, "--exit-with-stdin"])});
      child.stdout.once("data", () => { console.log(child.pid); process.kill(process.pid, "SIGKILL"); });`;
    const middle = spawn(process.execPath, ["--input-type=module", "-e", orphan]);
    const [pid] = (await once(middle.stdout, "data")) as [Buffer];
    await expect.poll(() => alive(Number(pid.toString())), { timeout: 5000 }).toBe(false);
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
