import { pbft } from "@destiny/core/agreement/pbft/pbft";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import { MessageKind } from "@destiny/core/wire/messages";
import { agreementSuite } from "./agreement-suite.ts";

const words = {
  proposal: MessageKind.PrePrepare,
  vote: MessageKind.PbftCommit,
  certificate: MessageKind.PbftEvidence,
  claims: true,
};

agreementSuite(pbft({ authentication: "mac" }), words, FaultModel.byzantine, [4, 5, 7]);
agreementSuite(pbft({ authentication: "signature" }), words, FaultModel.byzantine, [4, 5, 7]);
