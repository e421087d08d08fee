import { hybster } from "@destiny/core/agreement/hybster/hybster";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import { MessageKind } from "@destiny/core/wire/messages";
import { agreementSuite } from "./agreement-suite.ts";
import { viewChangeSuite } from "./view-change-suite.ts";

const words = {
  proposal: MessageKind.Prepare,
  vote: MessageKind.HybsterCommit,
  certificate: MessageKind.HybsterCertificate,
  lists: true,
};

agreementSuite(hybster, words, FaultModel.hybrid, [3, 4, 5, 7]);

viewChangeSuite(
  hybster,
  {
    proposal: MessageKind.Prepare,
    votes: [MessageKind.HybsterCommit],
    decisions: [MessageKind.HybsterCertificate],
    newView: MessageKind.NewView,
  },
  FaultModel.hybrid,
  [3, 4, 5],
);
