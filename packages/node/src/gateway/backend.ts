import type { Outcome } from "@destiny/core/wire/reply";
import type { StatusReport } from "../observability/status-report.ts";

/** What became of one operation, and where in the global order. */
export interface GatewayReply {
  readonly outcome: Outcome;
  readonly seq: number;
}

/** What the gateway speaks for. */
export interface GatewayBackend {
  /**
   * Has one operation (`encodeOperation`) executed under the gateway's own key. Settles by the deadline; rejects with a
   * `ClientError` of the client library.
   */
  execute(operation: Uint8Array, deadlineMillis: number): Promise<GatewayReply>;
  status(): StatusReport;
  /** In the text format of Prometheus. */
  metrics(): Promise<string>;
}
