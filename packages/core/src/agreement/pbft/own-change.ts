import type { View } from "../../kernel/ids.ts";
import { PbftViewChange, type PrePrepared, type PreparedCertificate } from "../../wire/pbft.ts";
import type { Standing } from "../agreement.ts";
import type { Instance } from "./instance.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** What we must not let be forgotten when we leave for this view (pbft.md 7); not signed yet. */
export function makeViewChange(instance: Instance, view: View): PbftViewChange {
  const { slots, covered, anchor, self, authentication, standing, decided } = instance;
  const prepared: PreparedCertificate[] = [];
  const preprepared: PrePrepared[] = [];
  for (let seq = covered + 1; seq <= slots.high; seq += 1) {
    const slot = slots.find(seq);
    if (slot === undefined) continue;
    if (slot.prepared !== null) prepared.push(slot.prepared);
    if (authentication === "signature") continue;
    const digests = [...slot.preprepared].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [digest, of] of digests) preprepared.push({ seq, digest, view: of });
  }
  const count = fade(standing, decided);
  return new PbftViewChange({ view, sender: self, anchor, prepared, preprepared, count, signature: NOTHING });
}

/**
 * `c` of dqbft.md 4.2. Deviation: the new view's maximum is not known yet when it is reported, so what is decided here takes
 * its place.
 */
function fade({ maximum, count, extension }: Standing, decided: number): number {
  const length = extension - maximum;
  if (length <= 0) return count;
  return Math.max(0, count - Math.floor(Math.max(0, decided - extension) / length));
}
