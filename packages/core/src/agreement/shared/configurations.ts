import { configurationOf, sameViewIn } from "../../kernel/configurations.ts";
import type { Digest, View } from "../../kernel/ids.ts";
import type { InstanceAddress } from "../agreement.ts";
import { primaryOf } from "./primary.ts";

type Address = Pick<InstanceAddress, "faults" | "members">;

/** Whether a view is of a configuration whose admission is not known here: nothing of it can be judged yet. */
export function isOfLaterConfiguration({ faults, members }: Address, view: View): boolean {
  return configurationOf(view, faults.n) > members.configuration;
}

/** Digest of the key table of a view's configuration. */
export function tableOf({ faults, members }: Address, view: View): Digest | null {
  return members.table(configurationOf(view, faults.n));
}

/**
 * Where to go from a view once another configuration is executed, null if there is none: the same view of that one. Its primary
 * is the same, unless it cannot be: who was just admitted departs on no older base, and so can open nothing.
 */
export function successorOf(address: Address & Pick<InstanceAddress, "home">, view: View): View | null {
  const { faults, members } = address;
  const { executed } = members;
  if (configurationOf(view, faults.n) >= executed) return null;
  const same = sameViewIn(view, executed, faults.n);
  for (let to = same; to < same + faults.n; to += 1) {
    if (members.since(primaryOf(address, to), executed) < executed) return to;
  }
  return same;
}
