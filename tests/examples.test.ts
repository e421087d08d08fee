import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);

/** Runs an example as its README says, after the build. */
async function outputOf(example: string): Promise<string[]> {
  const program = fileURLToPath(new URL(`../examples/dist/${example}/run.js`, import.meta.url));
  const { stdout } = await run(process.execPath, [program], { timeout: 60_000 });
  return stdout.trim().split("\n");
}

test("the key-value example does what its README says", async () => {
  expect(await outputOf("key-value")).toEqual([
    "get greeting: hello",
    "proof holds: true",
    "forgery holds: false",
    "delete greeting, which existed: true",
    "get greeting: undefined",
  ]);
});

test("the ledger, a service of one's own, does what its README says", async () => {
  expect(await outputOf("ledger")).toEqual([
    "alice has 70 left; proven: true",
    "a transfer of 1000 failed at every replica alike: the service threw",
    "bob has 30",
    "carol has null",
    "together 100",
  ]);
});
