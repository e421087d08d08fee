import { replicaProgram } from "./replica-program.ts";

await replicaProgram();
