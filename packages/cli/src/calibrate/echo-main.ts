import { setTimeout as sleep } from "node:timers/promises";
import type { EchoPlan } from "./echo-probe.ts";
import { openProbeMesh } from "./probe-mesh.ts";

process.on("disconnect", () => process.exit(0));

/** Sends every frame back, after a while. */
process.once("message", async ({ port, certificates, delayMillis }: EchoPlan) => {
  const mesh = await openProbeMesh({
    ...{ self: 1, certificates, port },
    onFrame: async (frame) => {
      const copy = frame.slice();
      if (delayMillis > 0) await sleep(delayMillis);
      mesh.send(0, copy);
    },
  });
});
