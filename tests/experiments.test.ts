import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { destiny } from "./support/command.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "destiny-experiments-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a figure is run in processes of its own, then not again, and the claims are measured on its records", async () => {
  const command = [
    "experiment",
    "fig2",
    "--quick",
    "--protocols",
    "single-pbft,destiny",
    "--out",
    folder,
    "--json",
  ];
  const first = await destiny(...command);
  expect(first.code, first.stderr).toBe(0);
  const made = JSON.parse(first.stdout) as { records: number; files: string[]; tables: { title: string }[] };
  // Two sizes; Destiny with both orders.
  expect(made.records).toBe(6);
  expect(first.stderr.trim().split("\n")).toHaveLength(6);
  const records = readFileSync(join(folder, "fig2/records.jsonl"), "utf8");

  const second = await destiny(...command);
  expect([second.code, second.stderr]).toEqual([0, ""]);
  expect(readFileSync(join(folder, "fig2/records.jsonl"), "utf8")).toBe(records);

  const claims = await destiny("claims", "--from", folder, "--json");
  expect(claims.code).toBe(0);
  const { claims: verdicts } = JSON.parse(claims.stdout) as {
    claims: { id: string; verdict: string; measured: { label: string; within: boolean }[] }[];
  };
  const phases = verdicts.find(({ id }) => id === "A2");
  expect(phases?.measured).toMatchObject([
    { label: "PBFT", within: true },
    { label: "Destiny, optimistic", within: true },
    { label: "Destiny, pessimistic", within: true },
  ]);
  expect((await destiny("claims", "--from", folder)).stdout).toMatch(/not yet$/m);
});

test("formulas need no runs", async () => {
  const { code, stdout } = await destiny("experiment", "fig3", "--out", folder);
  expect(code).toBe(0);
  expect(stdout).toMatch(/TmaxHybrid/);
  expect(readFileSync(join(folder, "fig3/printed.svg"), "utf8")).toMatch(/^<svg /);
});
