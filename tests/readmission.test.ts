import { rmSync } from "node:fs";
import { join } from "node:path";
import { FILES } from "@destiny/node/configuration/replica-configuration";
import { afterEach, expect, test } from "vitest";
import { FaultScene } from "./support/fault-scene.ts";
import { until } from "./support/until.ts";

let scene: FaultScene;

afterEach(() => scene.cluster.close());

/** Every replica that runs is in this configuration, in every instance. */
async function configured(configuration: number): Promise<void> {
  await until(
    `configuration ${configuration}`,
    async () => {
      const statuses = await scene.cluster.statuses();
      const there = statuses.every((status) => {
        const { instances, admittedWith } = status;
        return (
          status.configuration === configuration &&
          admittedWith !== null &&
          instances.every(({ active, view }) => active && view > (configuration - 0.5) * 2 ** 32)
        );
      });
      if (there) return true;
      throw new Error(await scene.describe());
    },
    30_000,
  );
}

/** Its signer's memory is gone: a thief, a broken disk, a virtual machine made anew. */
function loseSigner(id: number): void {
  rmSync(join(scene.cluster.local.replicaDirectory(id), FILES.signer), { recursive: true });
}

test.each([
  ["destiny", 3],
  ["single-linear-hybster", 5],
])(
  "%s, n = %i: a replica whose signer is wiped is admitted again, and its vote is needed then",
  async (protocol, n) => {
    scene = await FaultScene.start(protocol, n);
    const [before] = (await scene.cluster.statuses()).slice(-1);
    await scene.strike("a replica is killed", () => scene.kill(n - 1));
    loseSigner(n - 1);
    await scene.strike("it comes back with a new signer", () => scene.restart(n - 1));
    await configured(1);
    const after = await scene.cluster.local.status(n - 1);
    expect(after).toMatchObject({ configuration: 1, admittedWith: 1 });
    expect(after.bootEpoch).not.toBe(before?.bootEpoch);
    const f = (n - 1) / 2;
    const others = Array.from({ length: f }, (_, index) => index + 1);
    await scene.strike("f others are killed", () => scene.kill(...others));
    await scene.restart(...others);
    await scene.settle();
  },
);
