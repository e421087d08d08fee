import { driverSuite } from "./driver-suite.ts";
import { NodeBench } from "./node-bench.ts";

driverSuite("the node", async () => new NodeBench());
