import { firstViewOf } from "@destiny/core/kernel/configurations";
import type { Claim } from "@destiny/core/wire/claim";
import { GENESIS_ROSTER } from "@destiny/core/wire/roster";
import { ModelScheme } from "@destiny/crypto/certificates/model";
import { expect, test } from "vitest";
import { KeyTables } from "./key-tables.ts";

const N = 3;
const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

function tables(): { tables: KeyTables; replacedWith: unknown[] } {
  const tau = new ModelScheme({ kind: "multisig", n: N, threshold: 2, seed: "tau" });
  const identities = Array.from({ length: N }, (_, id) => ({ bootEpoch: 1, publicKey: key(id) }));
  const replacedWith: unknown[] = [];
  const replaced = (keys: ReadonlyMap<number, Uint8Array>): ModelScheme => {
    replacedWith.push([...keys]);
    return new ModelScheme({ kind: "multisig", n: N, threshold: 2, seed: "other" });
  };
  return { tables: new KeyTables({ identities, tau, replaced }), replacedWith };
}

function admitted(bootEpoch: number) {
  const [identityKey, shareKey, nothing] = [key(10 + bootEpoch), key(20 + bootEpoch), new Uint8Array(0)];
  return { bootEpoch, tier: 1, identityKey, shareKey, shareProof: nothing, attestation: nothing };
}

const at = (configuration: number): Claim => {
  const value = { view: firstViewOf(configuration, N) + 1, seq: 3 };
  return { type: "slot", instance: 0, value, message: new Uint8Array(0) };
};
const statement: Claim = { type: "statement", instance: 0, message: new Uint8Array(0) };

test("a claim is certified by the identity of the configuration that it names, whatever was admitted since", () => {
  const { tables: known, replacedWith } = tables();
  known.configure(GENESIS_ROSTER.admit(1, admitted(2), 5).admit(1, admitted(3), 50));
  const epochs = (claim: Claim): number[] => known.identitiesOf(1, claim).map(({ bootEpoch }) => bootEpoch);
  expect([0, 1, 2, 3].map((configuration) => epochs(at(configuration)))).toEqual([[1], [2], [3], []]);
  expect(known.identitiesOf(0, at(2))).toEqual([{ bootEpoch: 1, publicKey: key(0) }]);
  const schemes = [0, 1, 2].map((configuration) => known.tauOf(at(configuration)));
  expect(new Set(schemes).size).toBe(3);
  expect(known.tauOf(at(1))).toBe(schemes[1]);
  expect(replacedWith).toEqual([[[1, key(22)]], [[1, key(23)]]]);
});

test("what names no view may be of any identity that the replica has had: it counts once all the same", () => {
  const { tables: known } = tables();
  const epochs = (): number[] => known.identitiesOf(1, statement).map(({ bootEpoch }) => bootEpoch);
  expect(epochs()).toEqual([1]);
  known.configure(GENESIS_ROSTER.admit(1, admitted(2), 5).admit(1, admitted(3), 50));
  expect(epochs()).toEqual([3, 2, 1]);
});
