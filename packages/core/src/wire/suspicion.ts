import type { InstanceId, ReplicaId, SequenceNumber, View } from "../kernel/ids.ts";
import { ROOT } from "../kernel/ids.ts";
import type { Check } from "./check.ts";
import type { StatementClaim } from "./claim.ts";
import { LIMITS } from "./limits.ts";
import type { CodecTable } from "./message-codec.ts";
import { type Message, MessageKind } from "./messages.ts";
import { Writer } from "./writer.ts";

const TAG = 0x434d; // "CM"

/**
 * A replica waits in vain for the primary of this view of an instance (dqbft.md 8). Signed, so that enough of them can be
 * shown to others (H24). It names its view, and is void in all later ones.
 *
 * Deviation: it also says how far its signer was. What can be shown to others can be kept and shown much later: once the
 * instance has worked well for long enough since, it is void too.
 */
export class Complaint implements Message {
  readonly kind: MessageKind = MessageKind.Complaint;
  readonly instance: InstanceId;
  readonly view: View;
  /** Decided prefix of the instance where it was signed. */
  readonly decided: SequenceNumber;
  readonly signer: ReplicaId;
  readonly signature: Uint8Array;

  constructor(fields: Omit<Complaint, "kind">) {
    this.instance = fields.instance;
    this.view = fields.view;
    this.decided = fields.decided;
    this.signer = fields.signer;
    this.signature = fields.signature;
  }
}

/** What a complaint's signature covers. */
export function complaintClaim(about: Pick<Complaint, "instance" | "view" | "decided">): StatementClaim {
  const { instance, view, decided } = about;
  const message = new Writer(16).u16(TAG).u16(instance).u48(view).u48(decided).finish();
  return { type: "statement", instance: ROOT, message };
}

/** What must hold for a complaint to be authentic; null if no such replica or instance is there to make or get one. */
export function complaintChecks(
  complaint: Complaint,
  bounds: { readonly n: number; readonly instances: number },
): readonly Check[] | null {
  const { instance, signer, signature } = complaint;
  if (signer >= bounds.n || instance >= bounds.instances) return null;
  return [{ type: "identity", signer, claim: complaintClaim(complaint), certificate: signature }];
}

export const SUSPICION_CODECS: CodecTable = {
  [MessageKind.Complaint]: {
    write(message, out) {
      const { instance, view, decided, signer, signature } = message as Complaint;
      out.u16(instance).u48(view).u48(decided).u16(signer).bytes(signature);
    },
    read: (_kind, input) =>
      new Complaint({
        instance: input.u16(),
        view: input.u48(),
        decided: input.u48(),
        signer: input.u16(),
        signature: input.bytes(LIMITS.certificateBytesMax).slice(),
      }),
  },
};
