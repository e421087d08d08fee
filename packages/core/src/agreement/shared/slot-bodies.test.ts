import { expect, test } from "vitest";
import { MessageKind, Proposal } from "../../wire/messages.ts";
import { Slot as LinearSlot } from "../linear-hybster/slot.ts";
import { Slot as PbftSlot } from "../pbft/slot.ts";
import { BODIES_PER_SLOT } from "./slot-bodies.ts";

const NOTHING = new Uint8Array(0);

function proposal(text: string): Proposal {
  const fields = { kind: MessageKind.Prepare, view: 0, seq: 1, digest: text, extension: 0 };
  return new Proposal({ ...fields, certificate: NOTHING, share: NOTHING, value: null, evidence: [] });
}

test.each([
  ["of a slot under trusted counters", () => new LinearSlot(1)],
  ["of a slot under signatures", () => new PbftSlot(1, false)],
])("values that view changes speak of are bounded, %s: the oldest go, the newest stays", (_name, make) => {
  const slot = make();
  for (let i = 0; i < 50; i += 1) slot.bodies.set(`${i}`, proposal(`${i}`));
  expect([...slot.bodies.keys()]).toEqual(["46", "47", "48", "49"]);
  expect(slot.bodies.size).toBe(BODIES_PER_SLOT);
});

test("what was decided stays, whatever comes", () => {
  const linear = new LinearSlot(1);
  linear.commit = { digest: "0" } as NonNullable<typeof linear.commit>;
  const pbft = new PbftSlot(1, false);
  pbft.decision = "0";
  pbft.prepared = { digest: "1" } as NonNullable<typeof pbft.prepared>;
  for (const slot of [linear, pbft])
    for (let i = 0; i < 50; i += 1) slot.bodies.set(`${i}`, proposal(`${i}`));
  expect(linear.bodies.has("0")).toBe(true);
  expect([pbft.bodies.has("0"), pbft.bodies.has("1")]).toEqual([true, true]);
});
