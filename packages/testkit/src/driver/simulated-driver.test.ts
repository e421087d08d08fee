import { driverSuite } from "./driver-suite.ts";
import { SimulatedBench } from "./simulated-bench.ts";

driverSuite("the simulator", async () => new SimulatedBench());
