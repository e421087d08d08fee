import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openInline } from "../bls/javascript.ts";
import { bearSigner, createSignerDirectory, readSignerKey, type SignerKey } from "./signer-directory.ts";

const key: SignerKey = {
  preamble: { cluster: "\u00ff\u0001".repeat(16), configuration: 2 },
  replica: 3,
  bootEpoch: 99,
  instances: 5,
  scheme: "multisig",
  shareSecret: "0a".repeat(32),
  identitySeed: "0b".repeat(32),
};
const backend = openInline();
let parent: string;
let directory: string;
let path: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "destiny-signer-"));
  directory = join(parent, "signer");
  path = join(directory, "signer.json");
  createSignerDirectory(directory, key);
});

afterEach(() => rmSync(parent, { recursive: true }));

test("a key is read as it was written, and only its owner may read it", () => {
  expect(readSignerKey(directory)).toEqual(key);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a directory is made once, and a key file that others can read is refused", () => {
  expect(() => createSignerDirectory(directory, key)).toThrow(/keys are never used twice/);
  chmodSync(path, 0o640);
  expect(() => readSignerKey(directory)).toThrow(/chmod 600/);
});

test.each([
  "format",
  "cluster",
  "configuration",
  "replica",
  "bootEpoch",
  "instances",
  "scheme",
  "shareSecret",
  "identitySeed",
])("a wrong %s is named without its value", (field) => {
  const json = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  for (const wrong of [undefined, -1, 2 ** 60, 0.5, "0A".repeat(32), "secret"]) {
    writeFileSync(path, JSON.stringify({ ...json, [field]: wrong }));
    expect(() => readSignerKey(directory)).toThrow(ConfigurationError);
    expect(() => readSignerKey(directory)).toThrow(new RegExp(`"${field}" is wrong: restore`));
  }
});

test("no key file, and none that is JSON", () => {
  writeFileSync(path, "{");
  expect(() => readSignerKey(directory)).toThrow(/is not JSON/);
  rmSync(path);
  expect(() => readSignerKey(directory)).toThrow(/is missing/);
});

test.each(["list", "multisig"] as const)(
  "an empty directory gets a signer that nobody has seen: %s",
  (scheme) => {
    const birth = { cluster: "ab".repeat(32), replica: 2, instances: 4, scheme };
    const [first, second] = ["first", "second"].map((name) => join(parent, name));
    for (const each of [first, second]) expect(bearSigner(each!, birth, backend)).toBe(true);
    const [a, b] = [readSignerKey(first!), readSignerKey(second!)];
    expect(a).toMatchObject({ replica: 2, instances: 4, scheme });
    for (const field of ["bootEpoch", "shareSecret", "identitySeed"] as const)
      expect(a[field]).not.toBe(b[field]);
  },
);

test("what is left of another signer is not touched, and a dealer's share cannot be drawn", () => {
  const birth = { cluster: "ab".repeat(32), replica: 1, instances: 4, scheme: "list" } as const;
  expect(bearSigner(directory, birth, backend)).toBe(false);
  expect(readSignerKey(directory)).toEqual(key);
  rmSync(path);
  expect(bearSigner(directory, birth, backend)).toBe(false);
  expect(() => bearSigner(join(parent, "new"), { ...birth, scheme: "threshold" }, backend)).toThrow(
    /dealt anew/,
  );
});
