import { findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import { expect, test } from "vitest";
import { playSeed } from "./subject.ts";

// Seeds that have shown a violation, and what was wrong. A plan follows from its seed and the way plans are drawn, so a change to
// the latter may draw something else; what a bug needs is then pinned down by the test beside its code.
test.each([
  [
    "destiny",
    3,
    20,
    "a home's own word did not count for its reinstatement: with f silent replicas none came home",
  ],
  ["destiny", 3, 132, "those who had left a view and those who had stayed waited for each other"],
  ["destiny", 3, 761, "a server that restarted no longer served the stable state that the others needed"],
  ["destiny", 4, 16, "a primary proposed below a checkpoint that it had learned of"],
  ["destiny", 5, 368, "a value fetched alone was executed although nobody had checked its clients"],
  [
    "destiny",
    7,
    358,
    "a home without a voice was given its D-instance again before another could open a view",
  ],
  [
    "single-linear-hybster",
    7,
    91,
    "the key tables in a rotten log were taken for everybody's: a fault of the simulation itself",
  ],
  [
    "dqhybster",
    5,
    109,
    "a forged step into a configuration that was not known yet left its receiver with a wrong key table for good",
  ],
  ["dqsbft", 4, 31, "a view that was slow to open met what a later one had decided otherwise"],
  ["dqpbft", 4, 6, "a crash made a replica forget the view changes that it had acknowledged"],
  ["single-pbft", 4, 311, "a new primary died, and those whom its NewView had not reached could not go on"],
])("%s of %i, seed %i: %s", (name, n, seed) => {
  const { finding } = playSeed({ protocol: present(findProtocol(name), "a protocol"), n }, seed);
  expect(finding).toBeNull();
});
