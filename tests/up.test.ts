import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readGenesis } from "@destiny/node/genesis/read-genesis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Command, destiny } from "./support/command.ts";
import { processesWith } from "./support/processes.ts";
import { until } from "./support/until.ts";

interface Up {
  readonly directory: string;
  readonly replicas: readonly { readonly id: number; readonly http: string; readonly pid: number }[];
}

let folder: string;
const running: Command[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "destiny-up-"));
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.interrupt();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `destiny up` until the table is there. */
async function up(...args: readonly string[]): Promise<{ readonly command: Command; readonly cluster: Up }> {
  const command = new Command(["up", "--json", ...args]);
  running.push(command);
  await until("the cluster is up", () => {
    if (command.child.exitCode !== null) throw new Error(command.stderr);
    return command.stdout.endsWith("}\n");
  });
  return { command, cluster: JSON.parse(command.stdout) as Up };
}

async function ctrlC(command: Command): Promise<void> {
  running.splice(running.indexOf(command), 1);
  const { code, stderr } = await command.interrupt();
  expect([code, stderr.includes("DOWN")]).toEqual([0, false]);
  await until("no process is left", () => processesWith(folder).length === 0);
}

test("up serves by every gateway and by the client, and the same folder again keeps what was written", async () => {
  const dir = join(folder, "cluster");
  const { command, cluster } = await up("--replicas", "3", "--dir", dir);
  expect(cluster.directory).toBe(dir);
  const [first, second, third] = cluster.replicas.map(({ http }) => http);
  expect((await fetch(`${first}/kv/a`, { method: "PUT", body: "1" })).ok).toBe(true);
  expect(await (await fetch(`${third}/kv/a`)).text()).toBe("1");
  expect(await (await fetch(`${second}/kv/a`)).text()).toBe("1");

  expect(await destiny("put", "b", "hello", "--dir", dir)).toMatchObject({ code: 0, stderr: "" });
  expect(await destiny("get", "b", "--dir", dir)).toMatchObject({ code: 0, stdout: "hello\n", stderr: "" });
  const proof = await destiny("get", "b", "--proof", "--connect", join(dir, "client.json"));
  expect(proof.stderr).toMatch(/at least 2 of the 3 replicas/);
  expect(JSON.parse(proof.stdout)).toMatchObject({ value: "hello", verified: true });
  expect(await destiny("del", "b", "--dir", dir, "--json")).toMatchObject({ code: 0 });
  expect(await destiny("get", "b", "--dir", dir)).toMatchObject({ code: 1, stdout: "" });

  const status = await destiny("status", "--dir", dir, "--json");
  expect(status).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(status.stdout)).toMatchObject({ answering: 3, divergences: [] });
  const { stdout: table } = await destiny("status", "--dir", dir);
  expect(table).toMatch(/^ *0 +serving /m);
  for (const instance of ["O", "D0", "D1", "D2"]) {
    expect(table).toMatch(new RegExp(`^${instance} +0 +\\d +serving +\\d+ +- +all$`, "m"));
  }
  expect((await destiny("inspect", join(dir, "replica-0"))).stderr).toMatch(/in use by another process/);
  await ctrlC(command);

  const inspected = await destiny("inspect", join(dir, "replica-0"), "--json");
  expect(inspected.code).toBe(0);
  expect(JSON.parse(inspected.stdout)).toMatchObject({ replica: 0, damage: [] });
  const again = await up("--dir", dir);
  expect(again.cluster.replicas.map(({ http }) => http)).toEqual([first, second, third]);
  expect(await (await fetch(`${second}/kv/a`)).text()).toBe("1");
  await ctrlC(again.command);
});

test("a replica that dies is told of, and the others go on; a temporary folder goes at the end", async () => {
  const { command, cluster } = await up("--replicas", "3");
  process.kill(cluster.replicas[2]?.pid ?? 0, "SIGKILL");
  await until("it is told", () => command.stderr.includes("REPLICA 2 IS DOWN"));
  const gateway = cluster.replicas[0]?.http;
  expect((await fetch(`${gateway}/kv/a`, { method: "PUT", body: "1" })).ok).toBe(true);
  const { code } = await command.interrupt();
  running.splice(0);
  expect(code).toBe(0);
  expect(() => readdirSync(cluster.directory)).toThrow("ENOENT");
  await until("no process is left", () => processesWith(cluster.directory).length === 0);
});

test("one Ctrl-C that comes twice, from the terminal and from npm, still stops cleanly", async () => {
  const { command, cluster } = await up("--replicas", "3", "--dir", join(folder, "cluster"));
  command.child.kill("SIGINT");
  await ctrlC(command);
  expect(readdirSync(cluster.directory)).toContain("genesis.json");
});

test("no replica outlives an up that is killed", async () => {
  const { command, cluster } = await up("--replicas", "3", "--dir", join(folder, "cluster"));
  expect(processesWith(cluster.directory).length).toBeGreaterThanOrEqual(6);
  command.child.kill("SIGKILL");
  await command.end();
  running.splice(0);
  await until("no process is left", () => processesWith(cluster.directory).length === 0);
});

test("a port in use is said in one line, with nothing left behind", async () => {
  const dir = join(folder, "cluster");
  expect((await destiny("init", "--replicas", "3", "--dir", dir)).code).toBe(0);
  const port = readGenesis(join(dir, "genesis.json")).replicas[1]?.client.port;
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
  const { code, stdout, stderr } = await destiny("up", "--dir", dir);
  await new Promise((resolve) => other.close(resolve));
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(new RegExp(`replica 1 did not start: .*${port}`));
  expect(processesWith(dir)).toEqual([]);
});
