import type { RogueBehaviour } from "./behaviour.ts";
import { forger } from "./forger.ts";
import { glutton } from "./glutton.ts";
import { parrot } from "./parrot.ts";
import { timeTraveller } from "./time-traveller.ts";
import { twoFaced } from "./two-faced.ts";
import { wanderer } from "./wanderer.ts";

/** Every way for a client to be Byzantine, by name. */
export const ROGUES: Readonly<Record<string, RogueBehaviour>> = {
  "two-faced": twoFaced,
  forger,
  wanderer,
  glutton,
  "time-traveller": timeTraveller,
  parrot,
};

/** Behaviours that a plan may choose from. */
export const ROGUE_NAMES: readonly string[] = Object.keys(ROGUES);
