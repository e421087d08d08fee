import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import { expect, test, vi } from "vitest";
import { planOf } from "../campaign/subject.ts";
import type { Decision } from "../plan/decisions.ts";
import type { Stage } from "../stage/stage.ts";
import { run } from "./run.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Of one sender and one slot: a vote of each kind that a flooder sends. */
const KEPT_PER_SLOT = 3;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Messages of a flooder that correct replicas got, and how many of them are still somewhere in memory. */
async function flood(name: string, seed: number): Promise<{ received: number; kept: number; most: number }> {
  const protocol = present(findProtocol(name), "a protocol");
  const n = 4;
  const plan = planOf({ protocol, n }, seed);
  const decisions: Decision[] = [
    ...plan.decisions.filter(({ kind }) => kind === "command"),
    { kind: "byzantine", replica: 3, behaviour: "flooder", from: 0, seed },
  ];
  const received: WeakRef<object>[] = [];
  // It lives on: what its replicas hold must be found.
  const stages: Stage[] = [];
  const { finding } = run({
    plan: { ...plan, overTheWire: true, decisions },
    protocol,
    watchers(stage) {
      stages.push(stage);
      const stepping = (replica: number, cause: { type: string; from?: number; message?: object }): void => {
        if (replica !== 3 && cause.from === 3 && cause.message !== undefined) {
          received.push(new WeakRef(cause.message));
        }
      };
      return [{ stepping }];
    },
  });
  expect(finding).toBeNull();
  // References that were made or followed in a task keep what they refer to until it ends.
  await setImmediate();
  collectGarbage();
  const kept = received.filter((reference) => reference.deref() !== undefined).length;
  const { orderWindow } = present(stages[0], "a stage").parameters;
  const most = (n - 1) * orderWindow * KEPT_PER_SLOT;
  return { received: received.length, kept, most };
}

test.each(["destiny", "single-pbft"])(
  "S14, as the garbage collector finds it: %s keeps of what a flooder sends what its windows have room for",
  async (name) => {
    const { received, kept, most } = await flood(name, 5);
    expect(received).toBeGreaterThan(5 * most);
    expect(kept).toBeLessThanOrEqual(most);
  },
);
