import { pbft } from "@destiny/core/agreement/pbft/pbft";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import { MessageKind } from "@destiny/core/wire/messages";
import { viewChangeSuite } from "./view-change-suite.ts";

const words = {
  proposal: MessageKind.PrePrepare,
  votes: [MessageKind.PbftPrepare, MessageKind.PbftCommit],
  decisions: [MessageKind.PbftCommit, MessageKind.PbftDecided],
  newView: MessageKind.PbftNewView,
  preparedMicros: 20_700,
};

viewChangeSuite(pbft({ authentication: "mac" }), words, FaultModel.byzantine, [4, 5, 7]);
viewChangeSuite(pbft({ authentication: "signature" }), words, FaultModel.byzantine, [4, 7]);
