import { KeyValueClient } from "@destiny/client/key-value-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FaultScene } from "./support/fault-scene.ts";
import { pause, until } from "./support/until.ts";

const PRIMARY = 0;
const COORDINATOR = 3;
/** Several times the suspicion delay of the scene. */
const SUSPENDED_MILLIS = 2_500;

let scene: FaultScene;

beforeEach(async () => {
  scene = await FaultScene.start("destiny", 5);
});
afterEach(() => scene.cluster.close());

/** Every replica that runs has this one's instance in a view of its own, entered after the first one. */
async function reinstated(id: number): Promise<void> {
  await until(
    `replica ${id} is reinstated`,
    async () => {
      const statuses = await scene.cluster.statuses();
      const own = statuses.map(({ instances }) => instances[id]);
      if (own.every((each) => each?.active === true && each.primary === id && each.view > 0)) return true;
      throw new Error(own.map((each) => `${each?.view}${each?.active ? "" : "?"}`).join(" "));
    },
    20_000,
  );
}

/** A new client of this coordinator is served by it. */
async function serves(id: number): Promise<void> {
  const client = await scene.cluster.client({ seed: scene.cluster.seedAt(id, 77) });
  await new KeyValueClient(client).put("whose coordinator", "is back");
  expect(client.coordinator).toBe(id);
}

test("a coordinator that is stopped for longer than it may be silent loses its role, and gets it back", async () => {
  await scene.strike("a coordinator is suspended", async () => scene.cluster.suspend(COORDINATOR));
  await pause(SUSPENDED_MILLIS);
  const { instances } = await scene.cluster.local.status(1);
  expect(instances[COORDINATOR]?.view).toBeGreaterThan(0);
  await scene.strike("it goes on", async () => scene.cluster.resume(COORDINATOR));
  await reinstated(COORDINATOR);
  await serves(COORDINATOR);
  await scene.settle();
});

test("a coordinator that was killed gets its role back after its restart", async () => {
  await scene.strike("a coordinator is killed", () => scene.kill(COORDINATOR));
  await until("the others have left its view", async () => {
    const { instances } = await scene.cluster.local.status(1);
    return (instances[COORDINATOR]?.view ?? 0) > 0;
  });
  await scene.strike("it is restarted", () => scene.restart(COORDINATOR));
  await reinstated(COORDINATOR);
  await serves(COORDINATOR);
  await scene.settle();
});

test("a primary of the order that is stopped for longer than it may be silent is replaced, and follows again", async () => {
  await scene.strike("the primary of the order is suspended", async () => scene.cluster.suspend(PRIMARY));
  await pause(SUSPENDED_MILLIS);
  await scene.strike("it goes on", async () => scene.cluster.resume(PRIMARY));
  await reinstated(PRIMARY);
  const { instances } = await scene.cluster.local.status(PRIMARY);
  expect(instances.at(-1)?.view).toBeGreaterThan(0);
  await scene.settle();
});
