import { type MessageKind as Kind, MessageKind, Vote } from "../../wire/messages.ts";
import { commitClaim, prepareClaim, type Subject } from "./claims.ts";
import type { Instance } from "./instance.ts";
import { makeShare } from "./signed-share.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Sends a vote of ours to all, signed if this variant wants that, unless its view is over by then. */
export function cast(
  of: Instance,
  kind: Kind,
  { view, seq, digest }: Subject,
  then: (vote: Vote) => void,
): void {
  const { authentication, context, jobs, self } = of;
  const send = (share: Uint8Array): void => {
    if (of.view !== view || !of.active) return;
    const vote = new Vote({ kind, view, seq, digest, share });
    context.port.broadcast(vote);
    then(vote);
  };
  if (authentication === "mac") return send(NOTHING);
  const claimOf = kind === MessageKind.PbftPrepare ? prepareClaim : commitClaim;
  jobs.certify(claimOf(context.instance, { view, seq, digest }), (result) => {
    if (result.type === "certified") send(makeShare(self, result.certificate));
  });
}
