import { shownAs } from "../../experiments/protocols.ts";
import type { Measure, Quantity } from "../quantity.ts";

/** Protocols of the claims, by their names in the catalogue. */
export const PBFT = "single-pbft";
export const SBFT = "single-sbft";
export const HYBSTER = "single-hybster";
export const LINEAR_HYBSTER = "single-linear-hybster";
export const HOTSTUFF = "chained-hotstuff";
export const PRIME = "prime";
export const DISPEL = "dispel";
export const RCC = "rcc";
export const RCC_SBFT = "rcc-sbft";
export const MIRBFT = "mirbft";
export const DQPBFT = "dqpbft";
export const DQSBFT = "dqsbft";
export const DQHYBSTER = "dqhybster";
export const DESTINY = "destiny";

/** Those whose primary the paper calls saturated. */
export const SATURATED: readonly string[] = [PBFT, SBFT, LINEAR_HYBSTER];
/** Those that the paper says perform alike. */
export const ALIKE: readonly string[] = [RCC, MIRBFT, DQPBFT];
export const SINGLE_PRIMARY: readonly string[] = [PBFT, HYBSTER, SBFT, LINEAR_HYBSTER, HOTSTUFF];
export const DQBFT: readonly string[] = [DQPBFT, DQHYBSTER, DQSBFT, DESTINY];
export const MULTI_PRIMARY: readonly string[] = [PRIME, DISPEL, MIRBFT, RCC, ...DQBFT];

/** A measure per protocol. */
export function perProtocol(
  protocols: readonly string[],
  quantity: (protocol: string) => Quantity,
  extra: Partial<Measure> = {},
): Measure[] {
  return protocols.map((protocol) => ({
    label: shownAs(protocol).label,
    quantity: quantity(protocol),
    ...extra,
  }));
}

/** A measure per size. */
export function perSize(sizes: readonly number[], quantity: (replicas: number) => Quantity): Measure[] {
  return sizes.map((replicas) => ({ label: `N = ${replicas}`, quantity: quantity(replicas) }));
}

/** A measure without a name of its own. */
export function only(quantity: Quantity): Measure[] {
  return [{ label: "", quantity }];
}
