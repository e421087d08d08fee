import { MessageKind } from "@destiny/core/wire/messages";
import { type Behaviour, type Powers, someOthers, toEach } from "./behaviour.ts";

/** What completes something for others: certificates and proofs. */
const COMPLETING: readonly MessageKind[] = [
  MessageKind.Commit,
  MessageKind.HybsterCertificate,
  MessageKind.SbftPrepare,
  MessageKind.SbftFast,
  MessageKind.SbftSlow,
  MessageKind.ExecProof,
  MessageKind.CheckpointProof,
  MessageKind.Anchor,
];

/** Selective sending: serves a few and leaves the others out, with everything or only with what completes something. */
export function withholder(powers: Powers): Behaviour {
  const { n, random } = powers;
  const favoured = someOthers(random.below(n - 1), powers);
  const onlyCompleting = random.chance(0.4);
  return {
    sends(sending) {
      if (onlyCompleting && !COMPLETING.includes(sending.message.kind)) return null;
      return toEach(sending, powers, (to) => (favoured.has(to) ? sending.message : null));
    },
  };
}
