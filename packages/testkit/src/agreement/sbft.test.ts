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

const viewWords = {
  proposal: MessageKind.PrePrepare,
  votes: [MessageKind.SbftShare, MessageKind.SbftCommitShare],
  decisions: [MessageKind.SbftFast, MessageKind.SbftSlow],
  newView: MessageKind.PbftNewView,
};

agreementSuite(sbft, words, FaultModel.byzantine, [4, 5, 7]);
viewChangeSuite(sbft, viewWords, FaultModel.byzantine, [4, 5, 7]);

// One may be slow without ending the fast path, beside f faulty ones.
const withSlow = (n: number): FaultModel => FaultModel.byzantine(n, 1);
agreementSuite(sbft, words, withSlow, [6]);
viewChangeSuite(sbft, viewWords, withSlow, [6]);
