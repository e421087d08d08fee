import { invariant } from "@destiny/core/kernel/invariant";
import * as composition from "./scenarios/composition.ts";
import * as loneInstance from "./scenarios/lone-instance.ts";
import * as pbft from "./scenarios/pbft-view-change.ts";
import * as reinstatement from "./scenarios/reinstatement.ts";
import * as viewChange from "./scenarios/view-change.ts";

/** Drives the product into a corner; throws if it does not come out of it as it should. */
export type Scenario = () => void;

/** Every directed scenario by its name. */
export const SCENARIOS: ReadonlyMap<string, Scenario> = new Map<string, Scenario>([
  ...Object.entries(viewChange),
  ...Object.entries(pbft),
  ...Object.entries(composition),
  ...Object.entries(loneInstance),
  ...Object.entries(reinstatement),
]);

/** The scenario of this name. */
export function findScenario(name: string): Scenario {
  const found = SCENARIOS.get(name);
  invariant(found !== undefined, `a scenario of the name ${name}`);
  return found;
}
