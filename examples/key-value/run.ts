// A cluster of five on this machine, for as long as the client runs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalCluster } from "@destiny/node/cluster/local-cluster";
import { initCluster } from "@destiny/node/configuration/init-cluster";

const folder = await mkdtemp(join(tmpdir(), "destiny-key-value-"));
try {
  const { directory } = await initCluster({ replicas: 5, directory: join(folder, "cluster") }, console.error);
  const cluster = new LocalCluster(directory);
  await cluster.start();
  try {
    const program = fileURLToPath(new URL("client.js", import.meta.url));
    const client = spawn(process.execPath, [program, join(directory, "client.json")], { stdio: "inherit" });
    [process.exitCode] = await once(client, "exit");
  } finally {
    await cluster.stop();
  }
} finally {
  await rm(folder, { recursive: true });
}
