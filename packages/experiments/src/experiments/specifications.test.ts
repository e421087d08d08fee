import { findProtocol } from "@destiny/core/catalogue";
import { openWan } from "@destiny/simulator/network/wan";
import { describe, expect, test } from "vitest";
import { openProfile } from "../profiles/open-profile.ts";
import { keyOf } from "../records/record.ts";
import { coursesOf, FIGURES, SPECIFICATIONS } from "./catalogue.ts";
import { PAPER_PROTOCOLS } from "./protocols.ts";

const CASES = FIGURES.flatMap((figure) => {
  const both = SPECIFICATIONS[figure];
  return both === null
    ? []
    : [
        { figure, version: "full", specification: both.full },
        { figure, version: "quick", specification: both.quick },
      ];
});

describe.each(CASES)("$figure, $version", ({ specification }) => {
  const scenarios = coursesOf(specification).flatMap((course) => course.next(() => undefined));

  test("names the paper's protocols, each once", () => {
    const known = PAPER_PROTOCOLS.map(({ name }) => name);
    expect(new Set(specification.protocols).size).toBe(specification.protocols.length);
    for (const name of specification.protocols) expect(known).toContain(name);
  });

  test("begins with runs that can be made, all different", () => {
    expect(scenarios.length).toBeGreaterThan(0);
    expect(new Set(scenarios.map(keyOf)).size).toBe(scenarios.length);
    const wan = openWan(specification.wan);
    openProfile(specification.profile);
    for (const { protocol, replicas, batch, bundle, warmUp, duration, events } of scenarios) {
      expect(findProtocol(protocol)?.faults(replicas).n).toBe(replicas);
      expect(batch % bundle).toBe(0);
      expect(warmUp).toBeLessThan(duration);
      for (const event of events) {
        expect(event.at).toBeLessThan(duration);
        if (event.type === "scale-load")
          expect(wan.regions).toEqual(expect.arrayContaining([...(event.regions ?? [])]));
        if (event.type === "crash") expect(Math.max(...event.replicas)).toBeLessThan(replicas);
      }
    }
  });
});

test("every protocol of the catalogue that the paper names appears under its name there", () => {
  expect(PAPER_PROTOCOLS.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["single-pbft", "single-linear-hybster", "dqpbft", "destiny"]),
  );
});
