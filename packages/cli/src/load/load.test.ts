import { homeOf } from "@destiny/core/replica/client-table";
import { toDigest } from "@destiny/core/wire/reader";
import { openEd25519 } from "@destiny/crypto/signatures/ed25519";
import { expect, test } from "vitest";
import { clientSeeds } from "./client-seeds.ts";
import { Tally } from "./tally.ts";
import { Workload } from "./workload.ts";

test.each([3, 5, 7])(
  "of %i replicas each coordinates as many clients as the others, give or take one",
  (n) => {
    const homes = clientSeeds("test", 2 * n + 1, n).map((seed) =>
      homeOf(toDigest(openEd25519().publicKeyFromSeed(seed)), n),
    );
    expect(homes).toEqual(Array.from({ length: 2 * n + 1 }, (_, index) => index % n));
  },
);

test("clients of another name have other keys, of the same name the same", () => {
  const [one] = clientSeeds("one", 1, 3);
  expect(clientSeeds("one", 1, 3)).toEqual([one]);
  expect(clientSeeds("two", 1, 3)).not.toEqual([one]);
});

test("a tally adds up commands, errors and time, and knows its percentiles", () => {
  const tally = new Tally();
  expect(tally.latencies()).toEqual({ mean: 0, p50: 0, p90: 0, p99: 0, max: 0 });
  const latencies = Uint32Array.from({ length: 100 }, (_, index) => (index + 1) * 1000);
  const errors = new Map([["DeadlineError", 2]]);
  for (const commands of [100, 300]) {
    tally.add({ millis: 500, commands, latenciesMicros: latencies, errors, cpuMicros: 250_000 });
  }
  expect([tally.commands, tally.errorCount, tally.cpuSeconds]).toEqual([400, 4, 0.5]);
  const { p50, p99, max, mean } = tally.latencies();
  // Three significant digits.
  expect(Math.abs(p50 - 50)).toBeLessThanOrEqual(0.1);
  expect(Math.abs(p99 - 99)).toBeLessThanOrEqual(0.2);
  expect(Math.abs(max - 100)).toBeLessThanOrEqual(0.2);
  expect(Math.abs(mean - 50.5)).toBeLessThanOrEqual(0.2);
});

test("a request of the workload holds a bundle of different puts of the size asked for", () => {
  const request = new Workload({ payloadBytes: 512, keys: 100, bundle: 20 }).request();
  expect(request).toHaveLength(20);
  expect(new Set(request.map((each) => Buffer.from(each).toString("hex"))).size).toBe(20);
  for (const each of request) expect(each.length).toBeGreaterThan(512);
});
