import { findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import { encodePut, KeyValue } from "@destiny/core/service/key-value";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import { expect, test } from "vitest";
import { uniformLatency } from "../network/latency.ts";
import { Simulation } from "./simulation.ts";

/** Of seed 42. It changes with every change of what replicas send, or when: look why, then put the new one here. */
const GOLDEN = "3d0984ea870c424d";

/** Twenty seconds of a cluster with jitter, loss and a crash. */
function traceOf(seed: number): string {
  const simulation = new Simulation({
    protocol: present(findProtocol("destiny"), "the protocol of the paper"),
    n: 5,
    seed,
    latency: (random) => uniformLatency(1_000, 30_000, random),
    service: () => new KeyValue(),
    retryMicros: 1_000_000,
    parameters: { checkpointPeriod: 4 },
  });
  const { world } = simulation;
  const loss = world.random.fork(7);
  const losing = world.network.drop(() => loss.chance(0.05));
  for (let home = 0; home < 5; home += 1) {
    const client = simulation.addClient(home);
    for (let i = 0; i < 20; i += 1) {
      const put = encodePut(`key ${i}`, Uint8Array.of(home));
      world.engine.after(
        i * 100_000,
        () => void client.submit([encodeOperation(OperationKind.Command, put)]),
      );
    }
  }
  world.engine.after(1_500_000, () => simulation.crash(3));
  world.engine.after(2_500_000, () => simulation.restart(3));
  world.run(4_000_000);
  losing.lift();
  world.run(16_000_000);
  expect(simulation.replica(0).status().commands).toBe(100);
  return world.trace.hash;
}

test("one seed, one run: the trace hash is the same again, and another one for another seed", () => {
  expect(traceOf(1)).toBe(traceOf(1));
  expect(traceOf(2)).not.toBe(traceOf(1));
});

test("the golden trace: the same on every machine, until what is sent or when is changed on purpose", () => {
  expect(traceOf(42)).toBe(GOLDEN);
});
