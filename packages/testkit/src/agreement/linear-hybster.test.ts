import { linearHybster } from "@destiny/core/agreement/linear-hybster/linear-hybster";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import { MessageKind } from "@destiny/core/wire/messages";
import { agreementSuite } from "./agreement-suite.ts";
import { viewChangeSuite } from "./view-change-suite.ts";

const words = {
  proposal: MessageKind.Prepare,
  vote: MessageKind.CommitSig,
  certificate: MessageKind.Commit,
};

agreementSuite(linearHybster, words, FaultModel.hybrid, [3, 4, 5, 7]);

viewChangeSuite(
  linearHybster,
  {
    proposal: MessageKind.Prepare,
    votes: [MessageKind.CommitSig],
    decisions: [MessageKind.Commit],
    newView: MessageKind.NewView,
  },
  FaultModel.hybrid,
  [3, 4, 5],
);
