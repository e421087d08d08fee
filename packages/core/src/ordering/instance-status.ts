import type { Agreement } from "../agreement/agreement.ts";
import type { InstanceId } from "../kernel/ids.ts";
import type { InstanceStatus } from "./orderer.ts";
import type { WatchAccount } from "./suspicion/watch.ts";

/** How far an instance is, as it says itself, and what was seen of it. */
export function instanceStatus(
  instance: InstanceId,
  agreement: Agreement,
  account: WatchAccount,
): InstanceStatus {
  const { view, primary, active, standing, low, decided, known } = agreement;
  const probation = standing.extension;
  return { instance, view, primary, active, probation, low, decided, known, ...account };
}
