// A cluster of three on this machine, for as long as the client runs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalCluster } from "@destiny/node/cluster/local-cluster";
import { initCluster } from "@destiny/node/configuration/init-cluster";

const programOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const folder = await mkdtemp(join(tmpdir(), "destiny-ledger-"));
try {
  const { directory } = await initCluster({ replicas: 3, directory: join(folder, "cluster") }, console.error);
  const cluster = new LocalCluster(directory, { program: programOf("replica.js") });
  await cluster.start();
  try {
    const client = spawn(process.execPath, [programOf("client.js"), join(directory, "client.json")], {
      stdio: "inherit",
    });
    [process.exitCode] = await once(client, "exit");
  } finally {
    await cluster.stop();
  }
} finally {
  await rm(folder, { recursive: true });
}
