import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { expect, test } from "vitest";
import { z } from "zod";
import { readJsonFile } from "./json-file.ts";
import { nearest } from "./nearest.ts";
import { checkSecretFile, writeNewFile } from "./secret-file.ts";

const SCHEMA = z.strictObject({
  logLevel: z.string(),
  secret: z.string().regex(/^[0-9a-f]+$/, "hex"),
  inner: z.strictObject({ historyBytesMax: z.int().min(1) }).optional(),
});

function temporary(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "destiny-files-")), "x.json");
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

function problemOf(text: string): string {
  try {
    readJsonFile(temporary(text), SCHEMA, "mend it");
    return "none";
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
}

test("a file of the right shape is read, CRLF and all", () => {
  const path = temporary('{\r\n"logLevel": "info",\r\n"secret": "ab"\r\n}\r\n');
  expect(readJsonFile(path, SCHEMA, "mend it")).toEqual({ logLevel: "info", secret: "ab" });
});

test("an unknown setting is refused, at its place, with the one that was meant", () => {
  expect(problemOf('{"logLevel":"info","secret":"ab","loglevl":1}')).toContain(
    'unknown setting "loglevl" (did you mean "logLevel"?)',
  );
  const inner = problemOf('{"logLevel":"info","secret":"ab","inner":{"historyBytesMax":1,"historyBytes":1}}');
  expect(inner).toContain('unknown setting "historyBytes" (did you mean "historyBytesMax"?) in "inner"');
});

test("what is wrong is named, what it contains is not", () => {
  expect(problemOf('{"logLevel":"info","secret":"TOPSECRET"}')).toMatch(/"secret": hex.*mend it/);
  expect(problemOf('{"logLevel":"info","secret":"TOPSECRET"}')).not.toContain("TOPSECRET");
  expect(problemOf('{"secret":"TOPSECRET')).not.toContain("TOPSECRET");
  expect(problemOf('\uFEFF{"logLevel":"info"}')).toContain("byte order mark");
  expect(problemOf('{"logLevel":"info","secret":"ab","inner":{"historyBytesMax":-1}}')).toContain(
    '"inner.historyBytesMax"',
  );
});

test("a missing file and a directory are the operator's errors", () => {
  expect(() => readJsonFile("/nonexistent/x.json", SCHEMA, "run destiny init")).toThrow(
    "/nonexistent/x.json is missing: run destiny init",
  );
  expect(() => readJsonFile(tmpdir(), SCHEMA, "mend it")).toThrow(ConfigurationError);
});

test("nothing near is no suggestion", () => {
  expect(nearest("prot", ["port", "host"])).toBe("port");
  expect(nearest("zzzzzz", ["port", "host"])).toBeUndefined();
  expect(nearest("x".repeat(100_000), ["port"])).toBeUndefined();
});

test.each([0o640, 0o604, 0o660, 0o777])("a secret of mode %o is refused with the remedy", (mode) => {
  const path = temporary("{}");
  checkSecretFile(path, "");
  chmodSync(path, mode);
  expect(() => checkSecretFile(path, "")).toThrow(`run chmod 600 ${path}`);
});

test("a new file is private and never replaces one", () => {
  const path = join(mkdtempSync(join(tmpdir(), "destiny-files-")), "key");
  writeNewFile(path, "one", 0o600);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(() => writeNewFile(path, "two", 0o600)).toThrow(ConfigurationError);
  expect(readFileSync(path, "utf8")).toBe("one");
});
