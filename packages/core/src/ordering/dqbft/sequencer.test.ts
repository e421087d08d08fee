import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { noop } from "../../wire/batch.ts";
import { AssignRequest } from "../../wire/messages.ts";
import { DecodeError } from "../../wire/reader.ts";
import { type Entry, OrderList, type Reference } from "./order-value.ts";
import { decodePart } from "./orderer-part.ts";
import { Sequencer } from "./sequencer.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

/** A sequencer, and what it did. */
class Stage {
  readonly done: string[] = [];
  readonly checkpoints: number[] = [];
  readonly sequencer: Sequencer;
  #seq = 0;

  constructor(options: { b?: number; K?: number; window?: number } = {}) {
    const { b = 4, K = 100, window = 100 } = options;
    this.sequencer = new Sequencer({
      limits: { entriesMax: 8, referencesPerInstanceMax: b, n: 3 },
      checkpointPeriod: K,
      disseminationWindow: window,
      sequel: {
        execute: ({ seq, entry, coordinator }) => void this.done.push(`${seq}.${entry} of ${coordinator}`),
        assign: ({ nonce }) => void this.done.push(`assign ${nonce}`),
        checkpoint: (seq) => void this.checkpoints.push(seq),
      },
    });
  }

  order(...entries: Entry[]): void {
    this.#seq += 1;
    this.sequencer.onOrdered(this.#seq, new OrderList(entries, true));
  }

  disseminate(instance: number, ...seqs: number[]): void {
    for (const seq of seqs) this.sequencer.onDisseminated(instance, seq, noop(digestOf));
  }
}

const ref = (instance: number, seq: number): Reference => ({ type: "reference", instance, seq });
const assign = (nonce: number): Entry => {
  const fields = { client: "c".repeat(32), coordinator: 1, nonce, signature: new Uint8Array(64) };
  return { type: "assign", request: new AssignRequest(fields) };
};

test("entries execute in order, as soon as they are ordered and disseminated", () => {
  const stage = new Stage();
  stage.order(ref(1, 1), ref(0, 1));
  stage.disseminate(0, 1);
  stage.disseminate(1, 1);
  expect(stage.sequencer.run()).toBeNull();
  expect(stage.done).toEqual(["1.0 of 1", "1.1 of 0"]);
  expect(stage.sequencer.executed).toBe(1);
  expect(stage.sequencer.cut).toEqual([1, 1, 0]);
});

test("an O-slot waits for those before it", () => {
  const stage = new Stage();
  stage.disseminate(0, 1, 2);
  stage.sequencer.onOrdered(2, new OrderList([ref(0, 2)], true));
  expect(stage.sequencer.run()).toBeNull();
  expect(stage.done).toEqual([]);
  stage.sequencer.onOrdered(1, new OrderList([ref(0, 1)], true));
  stage.sequencer.run();
  expect(stage.done).toEqual(["1.0 of 0", "2.0 of 0"]);
});

test("blocked in the middle of a slot, it says for what, and resumes there", () => {
  const stage = new Stage();
  stage.order(ref(0, 1), assign(1), ref(1, 1), ref(0, 2));
  stage.disseminate(0, 1, 2);
  expect(stage.sequencer.run()).toEqual(ref(1, 1));
  expect(stage.sequencer.run()).toEqual(ref(1, 1));
  expect(stage.done).toEqual(["1.0 of 0", "assign 1"]);
  expect(stage.sequencer.executed).toBe(0);

  stage.disseminate(1, 1);
  expect(stage.sequencer.run()).toBeNull();
  expect(stage.done).toEqual(["1.0 of 0", "assign 1", "1.2 of 1", "1.3 of 0"]);
});

test("H21: asking again for a blocked reference does not count it against b again", () => {
  const stage = new Stage({ b: 2 });
  stage.order(ref(0, 1), ref(0, 2));
  stage.disseminate(0, 1);
  for (let i = 0; i < 5; i += 1) expect(stage.sequencer.run()).toEqual(ref(0, 2));
  stage.disseminate(0, 2);
  expect(stage.sequencer.run()).toBeNull();
  expect(stage.sequencer.cut).toEqual([2, 0, 0]);
});

test("H7: a reference that is not the next one is skipped, never waited for", () => {
  const stage = new Stage();
  stage.order(ref(0, 7), ref(0, 1));
  stage.disseminate(0, 1, 7);
  expect(stage.sequencer.run()).toBeNull();
  expect(stage.done).toEqual(["1.1 of 0"]);
});

test("H12: a second occurrence and an unknown D-instance are skipped", () => {
  const stage = new Stage();
  stage.order(ref(0, 1), ref(0, 1), ref(9, 1));
  stage.disseminate(0, 1);
  expect(stage.sequencer.run()).toBeNull();
  expect(stage.done).toEqual(["1.0 of 0"]);
});

test("H21: beyond b nothing of a D-instance is waited for, so that no slot can outgrow its window", () => {
  const stage = new Stage({ b: 2 });
  stage.order(ref(0, 1), ref(0, 2), ref(0, 3));
  stage.disseminate(0, 1, 2);
  expect(stage.sequencer.run()).toBeNull();
  expect(stage.sequencer.executed).toBe(1);
});

test("an empty list is a slot like any other, and so is one that did not parse", () => {
  const stage = new Stage();
  stage.order();
  stage.sequencer.onOrdered(2, new OrderList([], false));
  stage.sequencer.run();
  expect(stage.sequencer.executed).toBe(2);
});

test("a checkpoint is due every K slots", () => {
  const stage = new Stage({ K: 3 });
  for (let i = 0; i < 8; i += 1) stage.order();
  stage.sequencer.run();
  expect(stage.checkpoints).toEqual([3, 6]);
});

test("H5: and when one D-instance has moved by half of its window", () => {
  const stage = new Stage({ K: 100, window: 4 });
  stage.disseminate(0, 1, 2, 3, 4, 5);
  stage.disseminate(1, 1);
  stage.order(ref(0, 1), ref(1, 1));
  stage.order(ref(0, 2));
  stage.order(ref(0, 3), ref(0, 4), ref(0, 5));
  stage.sequencer.run();
  expect(stage.checkpoints).toEqual([2, 3]);
});

test("H5: a D-window of one slot makes a checkpoint after every slot that uses it, and of none that does not", () => {
  const stage = new Stage({ b: 1, window: 1 });
  stage.disseminate(0, 1);
  stage.order(ref(0, 1));
  stage.order();
  stage.sequencer.run();
  expect(stage.checkpoints).toEqual([1]);
});

test("a snapshot restored goes on where it was taken, with checkpoints at the same slots", () => {
  const one = new Stage({ K: 3 });
  one.disseminate(0, 1, 2, 3);
  for (const seq of [1, 2, 3]) one.order(ref(0, seq));
  one.sequencer.run();
  const other = new Stage({ K: 3 });
  other.sequencer.restore(decodePart(one.sequencer.snapshot(), 3));
  expect(other.sequencer.executed).toBe(3);
  expect(other.sequencer.cut).toEqual([3, 0, 0]);

  for (let seq = 4; seq <= 6; seq += 1) other.sequencer.onOrdered(seq, new OrderList([ref(0, seq)], true));
  other.disseminate(0, 4, 5, 6);
  other.sequencer.run();
  expect(other.checkpoints).toEqual([6]);
});

test("what executed before is not kept when it comes again", () => {
  const stage = new Stage();
  stage.order(ref(0, 1));
  stage.disseminate(0, 1);
  stage.sequencer.run();
  stage.sequencer.onOrdered(1, new OrderList([ref(0, 1)], true));
  stage.disseminate(0, 1);
  stage.sequencer.run();
  expect(stage.done).toHaveLength(1);
});

test("a state restored while running drops what it covers, and what a slot had begun", () => {
  const stage = new Stage();
  stage.disseminate(0, 1, 3, 4);
  stage.order(ref(0, 1), ref(1, 1));
  stage.order(ref(0, 2));
  expect(stage.sequencer.run()).toEqual(ref(1, 1));
  stage.sequencer.restore({ executed: 2, cut: [3, 1, 0] });
  stage.order(ref(0, 4));
  expect(stage.sequencer.run()).toBeNull();
  expect(stage.done).toEqual(["1.0 of 0", "3.0 of 0"]);
  expect(stage.sequencer.cut).toEqual([4, 1, 0]);
});

test("a snapshot of another cluster size, or with more bytes, is none", () => {
  const snapshot = new Stage().sequencer.snapshot();
  expect(() => decodePart(snapshot.subarray(0, snapshot.length - 6), 3)).toThrow(DecodeError);
  expect(() => decodePart(Uint8Array.of(...snapshot, 0), 3)).toThrow(DecodeError);
  expect(() => decodePart(snapshot, 4)).toThrow(DecodeError);
});
