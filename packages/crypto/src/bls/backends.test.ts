import { existsSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { type BlsBackend, type Check, CheckKind, Domain } from "./backend.ts";
import { openInline, openJavaScript } from "./javascript.ts";
import { openNative } from "./native.ts";
import { evaluate, fromScalar, ORDER, randomScalar, toScalar } from "./scalar.ts";

// Both back ends over the same inputs: the same bytes, the same verdicts.

const native = openNative();
const js = openInline();
const absent = native instanceof Error ? `the addon is not built: ${native.message}` : undefined;
const both: [string, BlsBackend][] = [["js", js]];
if (!(native instanceof Error)) both.push(["native", native]);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");
const secrets = [1, 2, 3, 4].map((i) => fromScalar(BigInt(i) * 0x1234_5678_9abc_def0_0000_0001n));
const polynomial = [7n ** 60n % ORDER, 11n ** 50n % ORDER];
const shareSecrets = [1, 2, 3].map((x) => fromScalar(evaluate(polynomial, BigInt(x))));
const G2_INFINITY = `c0${"00".repeat(95)}`;
const P = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
const field = (value: bigint): string => value.toString(16).padStart(96, "0");

function keyOf(backend: BlsBackend, secret: Uint8Array): Uint8Array {
  const point = backend.parseKey(backend.publicKey(secret) ?? new Uint8Array(0));
  if (point === undefined) throw new Error("no key");
  return point;
}

function shareCheck(key: Uint8Array, statement: Uint8Array, points: Uint8Array): Check {
  return { kind: CheckKind.Share, domain: Domain.Multisig, statement, points, signers: [], key };
}

test.skipIf(absent !== undefined)(
  `native and JavaScript give equal keys, shares and sums ${absent ?? ""}`,
  async () => {
    const [one, two] = [both[0]?.[1], both[1]?.[1]];
    if (one === undefined || two === undefined) throw new Error("two back ends");
    for (const secret of secrets) {
      expect(hex(two.publicKey(secret))).toBe(hex(one.publicKey(secret)));
      expect(hex(keyOf(two, secret))).toBe(hex(keyOf(one, secret)));
      for (const domain of Object.values(Domain)) {
        const statements = [text(""), text("a"), new Uint8Array(300).fill(7)];
        const shares = await one.sign(secret, domain, statements);
        expect((await two.sign(secret, domain, statements)).map(hex)).toEqual(shares.map(hex));
        expect(hex(two.signSync(secret, domain, text("a")))).toBe(hex(shares[1]));
      }
    }
    const keys = secrets.map((secret) => keyOf(one, secret));
    expect(hex(two.sumKeys(keys))).toBe(hex(one.sumKeys(keys)));
  },
);

test.skipIf(absent !== undefined)(
  "native and JavaScript combine to equal certificates, for any choice of signers",
  async () => {
    const all = Array.from({ length: 40 }, (_, i) => evaluate([5n, 6n, 7n, 8n], BigInt(i + 1))).map(
      fromScalar,
    );
    const statement = text("statement");
    const key = keyOf(js, fromScalar(5n));
    const whole = js.signSync(fromScalar(5n), Domain.Threshold, statement);
    const signers = fc.uniqueArray(fc.nat({ max: 39 }), { minLength: 4, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(signers, async (chosen) => {
        const shares = chosen.map((i) =>
          js.signSync(all[i] ?? new Uint8Array(0), Domain.Threshold, statement),
        );
        const points = Buffer.concat(shares);
        const check: Check = {
          kind: CheckKind.Interpolate,
          domain: Domain.Threshold,
          statement,
          points,
          signers: chosen,
          key,
        };
        const [signature] = await (both[1]?.[1] ?? js).check([check]);
        expect(signature?.length).toBe(48);
        expect(hex(signature).slice(2)).toBe(hex(whole).slice(2, 96));
      }),
      { numRuns: 8 },
    );
    const few = [2, 0, 1];
    const points = Buffer.concat(
      few.map((i) => js.signSync(shareSecrets[i] ?? new Uint8Array(0), Domain.Threshold, statement)),
    );
    const groupKey = keyOf(js, fromScalar(polynomial[0] ?? 0n));
    const check: Check = {
      kind: CheckKind.Interpolate,
      domain: Domain.Threshold,
      statement,
      points,
      signers: few,
      key: groupKey,
    };
    const results = await Promise.all(both.map(([, backend]) => backend.check([check])));
    expect(hex(results[1]?.[0])).toBe(hex(results[0]?.[0]));
  },
);

describe.each(both)("%s", (_, backend) => {
  const [secret = new Uint8Array(0), other = new Uint8Array(0)] = secrets;
  const key = keyOf(backend, secret);
  const statement = text("statement");
  const share = backend.signSync(secret, Domain.Multisig, statement);

  test("secrets out of range have no public key", () => {
    for (const bad of [0n, ORDER, ORDER + 1n, 2n ** 256n - 1n])
      expect(backend.publicKey(fromScalar(bad))).toBeUndefined();
    expect(backend.publicKey(new Uint8Array(31).fill(1))).toBeUndefined();
    expect(backend.publicKey(fromScalar(ORDER - 1n))).toHaveLength(96);
  });

  test("keys: infinity, outside the subgroup, not on the curve, and second spellings are refused", () => {
    const good = hex(backend.publicKey(secret));
    expect(backend.parseKey(Buffer.from(good, "hex"))).toBeDefined();
    const bad = [G2_INFINITY, `40${good.slice(2)}`, `1${good.slice(1)}`, good.slice(2), "", "00".repeat(96)];
    // An x with c0 and c1 of the curve is found by trial; almost none of its points is in the subgroup.
    for (let x = 1n; x < 8n; x += 1n) bad.push(`8${field(x).slice(1)}${field(x)}`);
    const x0 = BigInt(`0x${good.slice(96)}`);
    if (x0 + P < 2n ** 384n) bad.push(good.slice(0, 96) + field(x0 + P));
    for (const text of bad) expect(backend.parseKey(Buffer.from(text, "hex"))).toBeUndefined();
  });

  test("shares: every malformed spelling is false, and throws nothing", async () => {
    const good = hex(share);
    const [x, y] = [BigInt(`0x${good.slice(0, 96)}`), BigInt(`0x${good.slice(96)}`)];
    const bad = [
      "",
      good.slice(2),
      `${good}00`,
      `4${"0".repeat(191)}`,
      "00".repeat(96),
      field(x) + field(y ^ 1n),
    ];
    bad.push(field(x) + field(P - y), `8${good.slice(1)}`, `2${good.slice(1)}`, `4${good.slice(1)}`);
    if (x + P < 2n ** 381n) bad.push(field(x + P) + field(y));
    if (y + P < 2n ** 384n) bad.push(field(x) + field(y + P));
    bad.push(field(0n) + field(2n)); // on the curve, of order three
    const checks = bad.map((points) => shareCheck(key, statement, Buffer.from(points, "hex")));
    const results = await backend.check([...checks, shareCheck(key, statement, share)]);
    expect(results.map((result) => result !== undefined)).toEqual([...bad.map(() => false), true]);
  });

  test("certificates: infinity and points outside the subgroup are false", async () => {
    const [signature] = await backend.check([shareCheck(key, statement, share)]);
    const good = hex(signature);
    const bad = [
      `c0${"00".repeat(47)}`,
      `80${"00".repeat(47)}`,
      `a0${"00".repeat(47)}`,
      good.slice(2),
      hex(share),
    ];
    for (let candidate = 1n; candidate < 10n; candidate += 1n) bad.push(`8${field(candidate).slice(1)}`);
    bad.push(
      (Number.parseInt(good.slice(0, 2), 16) ^ 0x20).toString(16) + good.slice(2),
      `${good.slice(0, 94)}00`,
    );
    const checks = [good, ...bad].map((points) => ({
      ...shareCheck(key, statement, Buffer.from(points, "hex")),
      kind: CheckKind.Certificate,
    }));
    const results = await backend.check(checks);
    expect(results.map((result) => result !== undefined)).toEqual([true, ...bad.map(() => false)]);
  });

  test("a batch finds exactly the false ones, whatever the keys", async () => {
    const otherKey = keyOf(backend, other);
    const shape = fc.array(fc.record({ byOther: fc.boolean(), lie: fc.boolean() }), {
      minLength: 1,
      maxLength: 9,
    });
    await fc.assert(
      fc.asyncProperty(shape, async (items) => {
        const checks = items.map(({ byOther, lie }, i) => {
          const signed = backend.signSync(
            byOther ? other : secret,
            Domain.Multisig,
            text(lie ? "lie" : `${i % 3}`),
          );
          return shareCheck(byOther ? otherKey : key, text(`${i % 3}`), signed);
        });
        const results = await backend.check(checks);
        expect(results.map((result) => result !== undefined)).toEqual(items.map(({ lie }) => !lie));
      }),
      { numRuns: backend.name === "js" ? 3 : 30 },
    );
  });

  test("two false shares whose errors cancel out are both found", async () => {
    const sum = (toScalar(secret) + 5n) % ORDER;
    const more = backend.signSync(fromScalar(sum), Domain.Multisig, statement);
    const less = backend.signSync(fromScalar(toScalar(secret) - 5n), Domain.Multisig, statement);
    const checks = [more, less, share].map((points) => shareCheck(key, statement, points));
    expect((await backend.check(checks)).map((result) => result !== undefined)).toEqual([false, false, true]);
  });

  test("domains keep purposes apart", async () => {
    const checks = Object.values(Domain).map((domain) => ({ ...shareCheck(key, statement, share), domain }));
    expect((await backend.check(checks)).map((result) => result !== undefined)).toEqual([false, true, false]);
  });

  test("a share of small order spoils its combination, not the others in the batch", async () => {
    const order3 = Buffer.from(field(0n) + field(2n), "hex");
    const points = Buffer.concat([order3, share]);
    const check: Check = {
      kind: CheckKind.Sum,
      domain: Domain.Multisig,
      statement,
      points,
      signers: [0, 1],
      key,
    };
    const results = await backend.check([
      check,
      { ...check, kind: CheckKind.Interpolate },
      shareCheck(key, statement, share),
    ]);
    expect(results.map((result) => result !== undefined)).toEqual([false, false, true]);
  });

  test("keys that cancel out have no sum", () => {
    const opposite = keyOf(backend, fromScalar(ORDER - toScalar(secret)));
    expect(backend.sumKeys([key, opposite])).toBeUndefined();
    expect(backend.sumKeys([key, key])).toBeDefined();
  });
});

test("random scalars are in range", () => {
  expect(randomScalar((length) => new Uint8Array(length))).toBe(1n);
  expect(randomScalar((length) => new Uint8Array(length).fill(0xff))).toBeLessThan(ORDER);
});

describe("the JavaScript thread", () => {
  const built = existsSync(new URL("../../dist/bls/javascript-worker.js", import.meta.url));
  const threaded = openJavaScript();
  afterAll(() => threaded.close());

  test.skipIf(!built)("gives the bytes of the calling thread (skipped before the first build)", async () => {
    const [secret = new Uint8Array(0)] = secrets;
    const statements = [text("a"), text("b")];
    const shares = await threaded.sign(secret, Domain.Multisig, statements);
    expect(shares.map(hex)).toEqual(
      statements.map((statement) => hex(js.signSync(secret, Domain.Multisig, statement))),
    );
    const key = keyOf(js, secret);
    const checks = [
      shareCheck(key, text("a"), shares[0] ?? text("")),
      shareCheck(key, text("a"), shares[1] ?? text("")),
    ];
    expect((await threaded.check(checks)).map(hex)).toEqual((await js.check(checks)).map(hex));
  });
});
