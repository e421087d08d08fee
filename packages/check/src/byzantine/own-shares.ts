import { fastClaim, preparedClaim, proposalClaim } from "@destiny/core/agreement/sbft/claims";
import type { InstanceId } from "@destiny/core/kernel/ids";
import type { Claim } from "@destiny/core/wire/claim";
import { type Message, MessageKind, Vote } from "@destiny/core/wire/messages";
import { SbftShare } from "@destiny/core/wire/sbft";

/** The same message with shares of its sender's own over what it says now; as it is if its shares are checked one by one. */
export function withOwnShares(
  instance: InstanceId,
  message: Message,
  share: (claim: Claim) => Uint8Array,
): Message {
  if (message instanceof SbftShare) {
    const own = { fast: share(fastClaim(instance, message)), share: share(proposalClaim(instance, message)) };
    return new SbftShare({ ...message, ...own });
  }
  if (message instanceof Vote && message.kind === MessageKind.SbftCommitShare) {
    return new Vote({ ...message, share: share(preparedClaim(instance, message)) });
  }
  return message;
}
