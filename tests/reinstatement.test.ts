import { KeyValueClient } from "@destiny/client/key-value-client";
import { afterEach, expect, test } from "vitest";
import { FaultScene } from "./support/fault-scene.ts";
import { pause, until } from "./support/until.ts";

const COORDINATOR = 3;
/** Several times the suspicion delay of the scene. */
const SUSPENDED_MILLIS = 2_500;
/** Clients that go to another coordinator sooner than the others suspect their own leave nothing that it owes. */
const PATIENT_CLIENTS_MILLIS = 600;

let scene: FaultScene;

afterEach(() => scene.cluster.close());

/** Every replica that runs has this one's instance in a view of its own, from this one on. */
async function atHome(id: number, least = 0): Promise<void> {
  await until(
    `replica ${id} is back in its role`,
    async () => {
      const statuses = await scene.cluster.statuses();
      const own = statuses.map(({ instances }) => instances[id]);
      if (own.every((each) => each?.active === true && each.primary === id && each.view >= least))
        return true;
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
  scene = await FaultScene.start("destiny", 5, PATIENT_CLIENTS_MILLIS);
  await scene.strike("a coordinator is suspended", async () => scene.cluster.suspend(COORDINATOR));
  await pause(SUSPENDED_MILLIS);
  const { instances } = await scene.cluster.local.status(1);
  const { view = 0, primary } = instances[COORDINATOR] ?? {};
  expect(primary).not.toBe(COORDINATOR);
  await scene.strike("it goes on", async () => scene.cluster.resume(COORDINATOR));
  await atHome(COORDINATOR, view + 1);
  await serves(COORDINATOR);
  await scene.settle();
});

// Its clients are gone at once, as their connections are: there may be nothing that anybody waits for in its instance.
test("a coordinator that was killed has its role again after its restart", async () => {
  scene = await FaultScene.start("destiny", 5);
  await scene.strike("a coordinator is killed", () => scene.kill(COORDINATOR));
  await pause(SUSPENDED_MILLIS);
  await scene.strike("it is restarted", () => scene.restart(COORDINATOR));
  await atHome(COORDINATOR);
  await serves(COORDINATOR);
  await scene.settle();
});

test("a primary of the order that is stopped for longer than it may be silent is replaced, and follows again", async () => {
  scene = await FaultScene.start("destiny", 5);
  const { primary, view } = await scene.order();
  await scene.strike("the primary of the order is suspended", async () => scene.cluster.suspend(primary));
  await pause(SUSPENDED_MILLIS);
  await scene.strike("it goes on", async () => scene.cluster.resume(primary));
  await atHome(primary);
  const { instances } = await scene.cluster.local.status(primary);
  expect(instances.at(-1)?.view).toBeGreaterThan(view);
  await scene.settle();
});
