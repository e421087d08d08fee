import { expect, test } from "vitest";
import { ModelScheme, modelShare } from "./model.ts";
import { SHARE_BYTES, type Share } from "./scheme.ts";

const statement = new TextEncoder().encode("statement");
const other = new TextEncoder().encode("another");
const shares = (scheme: ModelScheme, signers: readonly number[]): Share[] =>
  signers.map((signer) => ({ signer, share: modelShare(scheme.secret(signer), statement) }));

for (const kind of ["threshold", "multisig"] as const) {
  const scheme = new ModelScheme({ kind, n: 10, threshold: 4, seed: "s" });
  const certificateBytes = kind === "threshold" ? 48 : 50;

  test(`${kind}: enough shares make a certificate of that statement only, in the real size`, () => {
    const { certificate } = scheme.combineSync(statement, shares(scheme, [9, 0, 4, 2]));
    if (certificate === undefined) throw new Error("no certificate");
    expect(certificate).toHaveLength(certificateBytes);
    expect(scheme.certificateBytes).toBe(certificateBytes);
    expect(shares(scheme, [0])[0]?.share).toHaveLength(SHARE_BYTES);
    expect(scheme.verifySync(statement, certificate)).toBe(true);
    expect(scheme.verifySync(other, certificate)).toBe(false);
    expect(new ModelScheme({ kind, n: 10, threshold: 4, seed: "t" }).verifySync(statement, certificate)).toBe(
      false,
    );
  });

  test(`${kind}: any bit changed in a certificate is noticed, a bitmap's too`, () => {
    const { certificate } = scheme.combineSync(statement, shares(scheme, [1, 3, 5, 7]));
    for (let i = 0; i < certificateBytes; i += 1) {
      const changed = Uint8Array.from(certificate ?? []);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(scheme.verifySync(statement, changed)).toBe(false);
    }
    expect(scheme.verifySync(statement, new Uint8Array(0))).toBe(false);
  });

  test(`${kind}: culprits are named, and do not stop the others if those are enough`, () => {
    const [bad, ...good] = shares(scheme, [1, 2, 3, 4, 5]);
    if (bad === undefined) throw new Error("no share");
    const lie = { signer: 1, share: modelShare(scheme.secret(1), other) };
    const combined = scheme.combineSync(statement, [lie, ...good]);
    expect(combined.culprits).toEqual([1]);
    expect(scheme.verifySync(statement, combined.certificate ?? new Uint8Array(0))).toBe(true);
    expect(scheme.combineSync(statement, [lie, ...good.slice(1)])).toEqual({ culprits: [1] });
  });

  test(`${kind}: too few or repeated signers are the caller's bug`, () => {
    expect(() => scheme.combineSync(statement, shares(scheme, [1, 2, 3]))).toThrow("distinct");
    expect(() => scheme.combineSync(statement, shares(scheme, [1, 2, 3, 3]))).toThrow("distinct");
  });
}

test("a threshold certificate does not depend on who signed", () => {
  const scheme = new ModelScheme({ kind: "threshold", n: 5, threshold: 3, seed: "s" });
  expect(scheme.combineSync(statement, shares(scheme, [0, 1, 2]))).toEqual(
    scheme.combineSync(statement, shares(scheme, [4, 3, 1])),
  );
});
