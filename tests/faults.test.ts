import { CATALOGUE } from "@destiny/core/catalogue";
import { afterEach, describe, test } from "vitest";
import { FaultScene } from "./support/fault-scene.ts";
import { whileUndisseminated } from "./support/undisseminated.ts";

/** The primary of the instance that orders, in its first view. */
const PRIMARY = 0;

/** Those that are built. */
const CLUSTERS = [
  { protocol: "destiny", replicas: 5, f: 2 },
  { protocol: "single-linear-hybster", replicas: 5, f: 2 },
  { protocol: "dqpbft", replicas: 4, f: 1 },
].filter(({ protocol }) => CATALOGUE.some(({ name }) => name === protocol));

/** Those in which every replica coordinates clients. */
const COMPOSED = CLUSTERS.filter(({ protocol }) => !protocol.startsWith("single-"));

let scene: FaultScene | undefined;

afterEach(async () => {
  await scene?.cluster.close();
  scene = undefined;
});

async function start(protocol: string, replicas: number): Promise<FaultScene> {
  scene = await FaultScene.start(protocol, replicas);
  return scene;
}

describe.each(CLUSTERS)("$protocol, $replicas replicas", ({ protocol, replicas, f }) => {
  test("SIGKILL of the primary that orders, and its restart", async () => {
    const it = await start(protocol, replicas);
    await it.strike(`${protocol}: the primary is killed`, () => it.kill(PRIMARY));
    await it.strike(`${protocol}: it is back`, () => it.restart(PRIMARY));
    await it.settle();
  });

  test.runIf(f > 1)("SIGKILL of f replicas at once, the next primary too, and their restart", async () => {
    const it = await start(protocol, replicas);
    const some = Array.from({ length: f }, (_, id) => id);
    await it.strike(`${protocol}: replicas ${some.join(", ")} are killed`, () => it.kill(...some));
    await it.strike(`${protocol}: they are back`, () => it.restart(...some));
    await it.settle();
  });

  test("a restart of all replicas, one after the other", async () => {
    const it = await start(protocol, replicas);
    for (let id = 0; id < replicas; id += 1) {
      await it.cluster.local.stopReplica(id);
      await it.strike(`${protocol}: replica ${id} is restarted`, () => it.restart(id));
    }
    await it.settle();
  });
});

describe.each(COMPOSED)("$protocol, $replicas replicas", ({ protocol, replicas, f }) => {
  const coordinator = replicas - 1;
  const roles = { primary: PRIMARY, coordinator };

  test("SIGKILL of a coordinator with commands ordered but not disseminated, and its restart", async () => {
    const it = await start(protocol, replicas);
    await it.strike(`${protocol}: a coordinator is killed, undisseminated`, () =>
      whileUndisseminated(it.cluster, roles, () => it.kill(coordinator)),
    );
    await it.strike(`${protocol}: it is back`, () => it.restart(coordinator));
    await it.settle();
  });

  test.runIf(f > 1)("SIGKILL of both at once, and their restart", async () => {
    const it = await start(protocol, replicas);
    await it.strike(`${protocol}: the primary and a coordinator are killed, undisseminated`, () =>
      whileUndisseminated(it.cluster, roles, () => it.kill(PRIMARY, coordinator)),
    );
    await it.strike(`${protocol}: they are back`, () => it.restart(PRIMARY, coordinator));
    await it.settle();
  });
});
