import type { Agreement } from "../agreement/agreement.ts";
import type { InstanceId } from "../kernel/ids.ts";
import type { InstanceStatus } from "./orderer.ts";

/** How far an instance is, as it says itself. */
export function instanceStatus(instance: InstanceId, agreement: Agreement): InstanceStatus {
  const { view, primary, active, standing, low, decided, known } = agreement;
  return { instance, view, primary, active, probation: standing.extension, low, decided, known };
}
