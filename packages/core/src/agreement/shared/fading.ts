import type { SequenceNumber } from "../../kernel/ids.ts";
import type { Standing } from "../agreement.ts";

/** `c(x)` of dqbft.md 4.2: view changes fade as probations' worth of slots are decided; without probation nothing does. */
export function faded({ maximum, count, extension }: Standing, reached: SequenceNumber): number {
  const length = extension - maximum;
  if (length <= 0) return count;
  return Math.max(0, count - Math.floor(Math.max(0, reached - extension) / length));
}
