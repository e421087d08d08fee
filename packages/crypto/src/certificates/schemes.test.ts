import { createHash } from "node:crypto";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { present } from "@destiny/core/kernel/invariant";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BlsBackend, Domain } from "../bls/backend.ts";
import { CheckQueue } from "../bls/check-queue.ts";
import { openInline } from "../bls/javascript.ts";
import { openNative } from "../bls/native.ts";
import { evaluate, fromScalar, ORDER, type RandomBytes, toScalar } from "../bls/scalar.ts";
import {
  dealThreshold,
  generateMultisigKey,
  type MultisigKeys,
  openScheme,
  openShareSigner,
  type ThresholdKeys,
} from "./keys.ts";
import { type CertificateScheme, SHARE_BYTES, type Share, type ShareSigner } from "./scheme.ts";

const native = openNative();
const backends: [string, BlsBackend][] = [["js", openInline()]];
if (!(native instanceof Error)) backends.push(["native", native]);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const statement = text("statement");
const N = 5;
const THRESHOLD = 3;

function seeded(seed: string): RandomBytes {
  let count = 0;
  return (length) => createHash("shake256", { outputLength: length }).update(`${seed} ${count++}`).digest();
}

interface Group {
  readonly keys: ThresholdKeys | MultisigKeys;
  readonly signers: readonly ShareSigner[];
}

/** Lists of signatures have tests of their own. */
type BlsKind = "threshold" | "multisig";

function makeGroup(backend: BlsBackend, kind: BlsKind, seed = "seed"): Group {
  if (kind === "threshold") {
    const { keys, secrets } = dealThreshold(backend, N, THRESHOLD, seeded(seed));
    return { keys, signers: secrets.map((secret) => openShareSigner(backend, kind, secret)) };
  }
  const random = seeded(seed);
  const made = Array.from({ length: N }, () => generateMultisigKey(backend, random));
  const keys: MultisigKeys = { kind, threshold: THRESHOLD, members: made.map(({ member }) => member) };
  return { keys, signers: made.map(({ secret }) => openShareSigner(backend, kind, secret)) };
}

const cases = backends.flatMap(([name, backend]) =>
  (["threshold", "multisig"] as const).map((kind) => ({ name, backend, kind })),
);

describe.each(cases)("$kind, $name", ({ backend, kind }) => {
  const group = makeGroup(backend, kind);
  const opened = openScheme(backend, new CheckQueue(backend, 1), JSON.parse(JSON.stringify(group.keys)));
  const share = (signer: number, of = statement): Share => ({
    signer,
    share: present(group.signers[signer], "a signer").signSync(of),
  });
  const certify = async (
    scheme: CertificateScheme,
    signers: readonly number[],
    of = statement,
  ): Promise<Uint8Array> =>
    present(
      (
        await scheme.combine(
          of,
          signers.map((signer) => share(signer, of)),
        )
      ).certificate,
      "a certificate",
    );

  test("any quorum certifies its statement and no other, in the length promised", async () => {
    const scheme = await opened;
    expect([scheme.kind, scheme.threshold]).toEqual([kind, THRESHOLD]);
    const certificate = await certify(scheme, [4, 0, 2]);
    expect(certificate).toHaveLength(kind === "threshold" ? 48 : 49);
    expect(certificate).toHaveLength(scheme.certificateBytes);
    const other = await certify(scheme, [1, 2, 3], text("other"));
    const claims = [
      { statement, certificate },
      { statement: text("other"), certificate },
      { statement: text("other"), certificate: other },
      { statement, certificate: new Uint8Array(0) },
      { statement, certificate: certificate.slice(1) },
    ];
    expect(await scheme.verify(claims)).toEqual([true, false, true, false, false]);
    expect(await scheme.verify([])).toEqual([]);
  });

  test("no changed bit of a certificate passes", async () => {
    const scheme = await opened;
    const certificate = await certify(scheme, [0, 1, 2]);
    const positions = Array.from({ length: backend.name === "js" ? 9 : certificate.length * 8 }, (_, i) => i);
    const claims = positions.map((bit) => {
      const changed = certificate.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return { statement, certificate: changed };
    });
    expect(await scheme.verify(claims)).toEqual(claims.map(() => false));
  });

  test("asynchronous shares are the synchronous ones, and verify one by one", async () => {
    const scheme = await opened;
    const [own] = await present(group.signers[3], "a signer").sign([statement]);
    expect(own).toEqual(Uint8Array.from(share(3).share));
    expect(own).toHaveLength(SHARE_BYTES);
    expect(await present(group.signers[3], "a signer").sign([])).toEqual([]);
    const good = share(3).share;
    expect(await scheme.verifyShare(statement, 3, good)).toBe(true);
    expect(await scheme.verifyShare(statement, 2, good)).toBe(false);
    expect(await scheme.verifyShare(text("other"), 3, good)).toBe(false);
    expect(await scheme.verifyShare(statement, N, good)).toBe(false);
    expect(await scheme.verifyShare(statement, 3, good.slice(1))).toBe(false);
  });

  test("culprits are found among all shares, and the rest certifies if it is enough", async () => {
    const scheme = await opened;
    const lies = fc.record({
      of: fc.constantFrom("lie", "short", "infinity"),
      count: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(lies, async ({ of, count }) => {
        const infinity = new Uint8Array(SHARE_BYTES);
        infinity[0] = 0x40;
        const bad = { lie: share(0, text("lie")).share, short: new Uint8Array(7), infinity }[of] ?? infinity;
        const shares = [0, 1, 2, 3, 4].map((signer) =>
          signer < count ? { signer, share: bad } : share(signer),
        );
        const { certificate, culprits } = await scheme.combine(statement, shares);
        expect(culprits).toEqual(shares.slice(0, count).map(({ signer }) => signer));
        expect(certificate !== undefined).toBe(N - count >= THRESHOLD);
        if (certificate !== undefined)
          expect(await scheme.verify([{ statement, certificate }])).toEqual([true]);
      }),
      { numRuns: backend.name === "js" ? 2 : 15 },
    );
  });

  test("shares of another statement do not combine, and are named", async () => {
    const scheme = await opened;
    const forged = [0, 1, 2].map((signer) => ({ signer, share: share(signer, text("x")).share }));
    const { certificate, culprits } = await scheme.combine(statement, [...forged, share(3), share(4)]);
    expect(certificate).toBeUndefined();
    expect(culprits).toEqual([0, 1, 2]);
  });

  test("too few, repeated or unknown signers are the caller's bug", async () => {
    const scheme = await opened;
    await expect(scheme.combine(statement, [share(0), share(1)])).rejects.toThrow("enough shares");
    await expect(scheme.combine(statement, [share(0), share(1), share(1)])).rejects.toThrow("distinct");
    await expect(scheme.combine(statement, [share(0), share(1), { ...share(2), signer: N }])).rejects.toThrow(
      "of the group",
    );
  });

  test("another group's certificate is false", async () => {
    const other = makeGroup(backend, kind, "other");
    const scheme = await openScheme(backend, new CheckQueue(backend, 1), other.keys);
    const certificate = await certify(await opened, [0, 1, 2]);
    expect(await scheme.verify([{ statement, certificate }])).toEqual([false]);
  });

  test("bad keys are the operator's to put right", async () => {
    const open = (keys: ThresholdKeys | MultisigKeys): Promise<CertificateScheme> =>
      openScheme(backend, new CheckQueue(backend, 1), keys);
    await expect(open({ ...group.keys, threshold: 0 })).rejects.toThrow(ConfigurationError);
    await expect(open({ ...group.keys, threshold: N + 1 })).rejects.toThrow(ConfigurationError);
    const bad = `c0${"00".repeat(95)}`;
    const { keys } = group;
    const spoiled =
      keys.kind === "threshold"
        ? { ...keys, groupKey: bad }
        : {
            ...keys,
            members: [{ ...present(keys.members[0], "one"), publicKey: bad }, ...keys.members.slice(1)],
          };
    await expect(open(spoiled)).rejects.toThrow(ConfigurationError);
    for (const secret of ["", "zz".repeat(32), "00".repeat(32), "ff".repeat(32)]) {
      expect(() => openShareSigner(backend, kind, secret)).toThrow(ConfigurationError);
    }
  });
});

describe.each(backends)("multisig, %s", (_, backend) => {
  const group = makeGroup(backend, "multisig");
  const keys = group.keys as MultisigKeys;
  const queue = new CheckQueue(backend, 1);

  test("a rogue key is refused, for want of a proof of possession", async () => {
    // The attacker picks its key as own − victim, so that the sum of both is its own key, and cannot prove possession.
    const own = 5n;
    const victim = toScalar(seededSecret(backend));
    const rogue = backend.publicKey(fromScalar((own - victim + ORDER) % ORDER)) ?? new Uint8Array(0);
    const proof = backend.signSync(fromScalar(own), Domain.Possession, rogue);
    const member = {
      publicKey: Buffer.from(rogue).toString("hex"),
      proof: Buffer.from(proof).toString("hex"),
    };
    const members = [...keys.members.slice(0, 4), member];
    await expect(openScheme(backend, queue, { ...keys, members })).rejects.toThrow("possession of signer 4");
    const copied = [
      ...keys.members.slice(0, 4),
      { ...present(keys.members[4], "one"), proof: present(keys.members[0], "one").proof },
    ];
    await expect(openScheme(backend, queue, { ...keys, members: copied })).rejects.toThrow(
      "possession of signer 4",
    );
  });

  test("a share is no proof of possession, nor the reverse", async () => {
    const scheme = await openScheme(backend, queue, keys);
    const { member, secret } = generateMultisigKey(backend, seeded("seed"));
    const key = Buffer.from(member.publicKey, "hex");
    const signed = openShareSigner(backend, "multisig", secret).signSync(key);
    expect(await scheme.verifyShare(key, 0, signed)).toBe(true);
    expect(await scheme.verifyShare(key, 0, Buffer.from(member.proof, "hex"))).toBe(false);
    const proof = Buffer.from(signed).toString("hex");
    const members = [{ ...member, proof }, ...keys.members.slice(1)];
    await expect(openScheme(backend, queue, { ...keys, members })).rejects.toThrow("possession of signer 0");
  });

  test("a bitmap of too few signers, or with spare bits, is false even with its true sum", async () => {
    const scheme = await openScheme(backend, queue, keys);
    const shares = [0, 1, 2].map((signer) => ({
      signer,
      share: present(group.signers[signer], "one").signSync(statement),
    }));
    const { certificate } = await scheme.combine(statement, shares);
    const good = present(certificate, "a certificate");
    expect(good[0]).toBe(0b111);
    const few = await openScheme(backend, queue, { ...keys, threshold: 2 });
    const pair = present((await few.combine(statement, shares.slice(0, 2))).certificate, "a certificate");
    expect(await few.verify([{ statement, certificate: pair }])).toEqual([true]);
    const spare = Uint8Array.from(good);
    spare[0] = 0b100111;
    expect(
      await scheme.verify([pair, spare, good].map((each) => ({ statement, certificate: each }))),
    ).toEqual([false, false, true]);
  });

  test("colluders whose keys cancel out are culprits, not a crash", async () => {
    const made = [5n, ORDER - 5n].map((scalar) => {
      const secret = fromScalar(scalar);
      const key = backend.publicKey(secret) ?? new Uint8Array(0);
      const proof = backend.signSync(secret, Domain.Possession, key);
      const member = {
        publicKey: Buffer.from(key).toString("hex"),
        proof: Buffer.from(proof).toString("hex"),
      };
      return { member, share: backend.signSync(secret, Domain.Multisig, statement) };
    });
    const scheme = await openScheme(backend, queue, {
      kind: "multisig",
      threshold: 2,
      members: made.map(({ member }) => member),
    });
    const combined = await scheme.combine(
      statement,
      made.map(({ share }, signer) => ({ signer, share })),
    );
    expect(combined).toEqual({ culprits: [0, 1] });
  });
});

function seededSecret(backend: BlsBackend): Uint8Array {
  return Buffer.from(generateMultisigKey(backend, seeded("seed")).secret, "hex");
}

test("fewer shares than the threshold say nothing about the group's secret, enough give it", () => {
  const polynomial = [11n, 22n, 33n];
  expect(evaluate(polynomial, 0n)).toBe(11n);
  expect(evaluate(polynomial, 2n)).toBe(11n + 44n + 132n);
});
