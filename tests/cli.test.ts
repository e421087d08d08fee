import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { destiny } from "./support/command.ts";

let folder: string;
let cluster: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "destiny-cli-"));
  cluster = join(folder, "cluster");
  const { code, stdout, stderr } = await destiny("init", "--replicas", "3", "--dir", cluster, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  const { directory, replicaDirectories } = JSON.parse(stdout) as {
    directory: string;
    replicaDirectories: string[];
  };
  expect(directory).toBe(cluster);
  expect(replicaDirectories).toHaveLength(3);
  expect(readdirSync(folder)).toEqual(["cluster"]);
  for (const name of ["genesis.json", "client.json", "client.key", "replica-2"])
    expect(existsSync(join(cluster, name))).toBe(true);
  writeFileSync(join(folder, "no.json"), "{");
  mkdirSync(join(folder, "empty"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COMMANDS = [
  "up",
  "demo",
  "init",
  "start",
  "put",
  "get",
  "del",
  "status",
  "bench",
  "load",
  "experiment",
  "claims",
  "inspect",
] as const;

test("help lists every command, and every command helps with an example", async () => {
  const { code, stdout } = await destiny("--help");
  expect(code).toBe(0);
  const helps = await Promise.all(COMMANDS.map((name) => destiny(name, "--help")));
  for (const [index, name] of COMMANDS.entries()) {
    expect(stdout).toContain(`\n  ${name} `);
    expect(helps[index]).toMatchObject({ code: 0, stderr: "" });
    expect(helps[index]?.stdout).toMatch(new RegExp(`Examples?:\\s+destiny ${name}\\b`));
  }
});

test.each<[string[], RegExp]>([
  [["frob"], /unknown command 'frob'/],
  [["statu"], /Did you mean status\?/],
  [["up", "--replcas", "3"], /Did you mean --replicas\?/],
  [["up", "--replicas", "0"], /from 1 to/],
  [["up", "--replicas", "2"], /give 3 to/],
  [["up", "--replicas", "-1"], /from 1 to/],
  [["up", "--protocol", "destny"], /Choose one of destiny/],
  [["up", "extra"], /too many arguments/],
  [["up", "--http", "65536"], /from 16 to 65535/],
  [["bench", "--clients", "1e9"], /from 1 to/],
  [["bench", "--duration", "0"], /from 0\.1/],
  [["bench", "--bundle", "4096"], /--bundle 1820 is the most/],
  [["bench", "--payload", "999999999"], /from 0 to/],
  [
    ["bench", "--protocol", "single-sbft", "--replicas", "5", "--slow", "1"],
    /5 replicas .* with 1 slow: give 6 to/,
  ],
  [["bench", "--slow", "1"], /destiny has no fast path/],
  [
    ["check", "--protocol", "dqsbft", "--replicas", "5", "--slow", "1"],
    /5 replicas .* with 1 slow: give 6 to/,
  ],
  [["check", "--protocol", "single-pbft", "--slow", "1"], /single-pbft has no fast path/],
  [["check", "--replay", "17", "--slow", "1"], /destiny has no fast path/],
  [["put", "a"], /missing required argument 'value'/],
  [["get", "a"], /which cluster\? Give --dir/],
  [["get", "a", "--dir", "/nonexistent"], /cannot be read \(ENOENT\)/],
  [["get", "a", "--connect", "FOLDER/no.json"], /not JSON/],
  [["get", "a", "--dir", "FOLDER/cluster", "--key", "/nonexistent"], /missing/],
  [["get", "a", "--dir", "FOLDER/cluster", "--deadline", "never"], /from 0\.1 to/],
  [["status"], /required option '--dir <folder>'/],
  [["status", "--dir", "FOLDER/empty"], /no cluster in/],
  [["init"], /required option '--dir <folder>'/],
  [["init", "--dir", "FOLDER/cluster"], /not empty/],
  [["start", "--config", "/nonexistent"], /does not exist/],
  [["start", "--config", "FOLDER/empty"], /replica\.json is missing/],
  [["experiment"], /missing required argument 'figure'/],
  [["experiment", "fig11"], /Allowed choices are fig2/],
  [["experiment", "fig8", "--protocols", "destiny,pbft"], /Choose from destiny/],
  [["experiment", "fig8", "--jobs", "0"], /from 1 to/],
  [["claims", "--from", "/nonexistent"], /there is no folder/],
  [["claims", "--json", "--markdown"], /cannot be used with/],
  [["inspect", "/nonexistent"], /does not exist/],
  [["inspect", "FOLDER/empty"], /no store/],
  [["up", "--dir", "FOLDER/cluster", "--replicas", "5"], /was made with --replicas 3/],
  [["up", "--dir", "FOLDER/no.json"], /choose another/],
])("wrong usage is one line that says what to do, and status 2: %j", async (args, says) => {
  const ran = await destiny(...args.map((each) => each.replace("FOLDER", folder)));
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(ran.stderr).toMatch(says);
  expect(ran.stderr.trimEnd()).not.toContain("\n");
});

test("a cluster that is down is a failure, not wrong usage, and the JSON says so too", async () => {
  const status = await destiny("status", "--dir", cluster, "--json");
  expect(status.code).toBe(1);
  expect(JSON.parse(status.stdout)).toMatchObject({ answering: 0, divergences: [] });
  expect(status.stderr).toMatch(/^destiny: no replica answers.*\n$/);
  const get = await destiny("get", "a", "--dir", cluster, "--deadline", "0.5");
  expect(get).toMatchObject({ code: 1, stdout: "" });
  expect(get.stderr).toMatch(/^destiny: the cluster could not be reached.*\n$/);
});

test("a campaign and a replay of one of its seeds have the slow replicas that they were asked for", async () => {
  const sbft = ["check", "--protocol", "single-sbft", "--replicas", "6", "--json"];
  const eventsOf = async (...options: string[]): Promise<number> => {
    const { code, stdout } = await destiny(...sbft, "--seeds", "3", "--jobs", "1", ...options);
    expect(code).toBe(0);
    return (JSON.parse(stdout) as { counts: { events: number } }).counts.events;
  };
  expect(await eventsOf("--slow", "1")).not.toBe(await eventsOf());
  const replayed = await destiny(...sbft, "--replay", "3", "--slow", "1");
  expect(JSON.parse(replayed.stdout)).toMatchObject({ plan: { n: 6, parameters: { slowReplicas: 1 } } });
});
