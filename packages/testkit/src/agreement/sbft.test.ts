import { sbft } from "@destiny/core/agreement/sbft/sbft";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import { MessageKind, type Vote } from "@destiny/core/wire/messages";
import { SbftShare } from "@destiny/core/wire/sbft";
import { agreementSuite } from "./agreement-suite.ts";
import { viewChangeSuite } from "./view-change-suite.ts";

const words = {
  proposal: MessageKind.PrePrepare,
  vote: MessageKind.SbftShare,
  certificate: MessageKind.SbftFast,
  unordered: true,
  share: (fields: Omit<Vote, "kind">): SbftShare => new SbftShare({ ...fields, fast: fields.share }),
};

agreementSuite(sbft, words, FaultModel.byzantine, [4, 5, 7]);

viewChangeSuite(
  sbft,
  {
    proposal: MessageKind.PrePrepare,
    votes: [MessageKind.SbftShare, MessageKind.SbftCommitShare],
    decisions: [MessageKind.SbftFast, MessageKind.SbftSlow],
    newView: MessageKind.PbftNewView,
  },
  FaultModel.byzantine,
  [4, 5, 7],
);
