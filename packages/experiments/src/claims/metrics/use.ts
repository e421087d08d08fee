import type { LineName } from "../evidence.ts";
import { type Measure, useOf, useOfAll } from "../quantity.ts";
import * as names from "./names.ts";

const MEGA_PER_GIGA = 1_000;

const at = (protocol: string): LineName => ({ figure: "fig7", protocol, replicas: 97 });

/** What replicas use at the peak, section 5.3.2. */
export const USE: Readonly<Record<string, readonly Measure[]>> = {
  U1: names.perProtocol(names.SATURATED, (protocol) =>
    useOf(at(protocol), "primary", ({ busy }) => busy.processors),
  ),
  U2: names.only(
    useOf(at(names.PBFT), "backup", ({ egress, ingress }) => (egress + ingress) * MEGA_PER_GIGA),
  ),
  U3: names.perProtocol(names.SATURATED, (protocol) =>
    useOf(at(protocol), "backup", ({ busy }) => busy.processors),
  ),
  U4: names.perProtocol(names.DQBFT, (protocol) =>
    useOfAll(at(protocol), ({ egress, ingress }) => egress + ingress),
  ),
  U5: names.perProtocol(
    names.DQBFT.filter((name) => name !== names.DESTINY),
    (protocol) => useOfAll(at(protocol), ({ busy }) => busy.processors),
  ),
  U6: names.only(useOfAll(at(names.DESTINY), ({ busy }) => busy.processors)),
};
