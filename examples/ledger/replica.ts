// The program of every replica. Usage: replica.js --config CLUSTER/replica-0
import { replicaProgram } from "@destiny/node/process/replica-program";
import { ledger } from "./service.ts";

await replicaProgram({ service: ledger.create() });
