import { badShares } from "./bad-shares.ts";
import type { BehaviourFactory } from "./behaviour.ts";
import { colluder } from "./colluder.ts";
import { equivocator } from "./equivocator.ts";
import { flooder } from "./flooder.ts";
import { forger } from "./forger.ts";
import { impersonator } from "./impersonator.ts";
import { liar } from "./liar.ts";
import { lyingSource } from "./lying-source.ts";
import { replayer } from "./replayer.ts";
import { silent } from "./silent.ts";
import { slotThief } from "./slot-thief.ts";
import { slowPrimary } from "./slow-primary.ts";
import { staleView } from "./stale-view.ts";
import { withholder } from "./withholder.ts";

/** Every way to be Byzantine, by name. */
export const BEHAVIOURS: Readonly<Record<string, BehaviourFactory>> = {
  silent,
  withholder,
  replayer,
  forger,
  impersonator,
  equivocator,
  colluder,
  "slot-thief": slotThief,
  flooder,
  "stale-view": staleView,
  "lying-source": lyingSource,
  "bad-shares": badShares,
  "slow-primary": slowPrimary,
  liar,
};

/** Behaviours that a plan may choose from. */
export const BEHAVIOUR_NAMES: readonly string[] = Object.keys(BEHAVIOURS);
