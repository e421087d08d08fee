import type { HttpExposure } from "@destiny/node/configuration/addresses";
import { initCluster } from "@destiny/node/configuration/init-cluster";
import { Command, Option } from "commander";
import { interruption } from "../output/interruption.ts";
import { note, printJson, printLine } from "../output/print.ts";
import {
  type Certificates,
  certificatesOption,
  jsonOption,
  portOption,
  protocolOption,
  replicasOption,
  schemesOf,
  slowOption,
} from "./options.ts";

const EXAMPLES = `
Examples:
  destiny init --replicas 5 --dir cluster
  destiny init --replicas 5 --dir cluster --host-template 'replica-{i}.example.org' --base-port 7100

Copy each replica-N folder, and nothing else, to its machine, and run it there with destiny start. Clients need
client.json; client.key is a key that the genesis admits.`;

interface InitOptions {
  readonly replicas: number;
  readonly protocol: string;
  readonly slow: number;
  readonly dir: string;
  readonly name: string;
  readonly hostTemplate?: string;
  readonly basePort?: number;
  readonly http: HttpExposure;
  readonly certificates?: Certificates;
  readonly json?: true;
}

/** `destiny init`: genesis, keys, certificates and one folder per replica. */
export function initCommand(): Command {
  return new Command("init")
    .description("make a cluster: genesis, keys, certificates and one folder per replica")
    .addOption(replicasOption().default(5))
    .addOption(protocolOption().default("destiny"))
    .addOption(slowOption())
    .requiredOption("--dir <folder>", "where to write; must be new or empty")
    .option("--name <name>", "name of the cluster, for people", "destiny")
    .option("--host-template <host>", "host of each replica, {i} standing for its id (default: 127.0.0.1)")
    .addOption(portOption("--base-port <port>", "first port on each host: mesh, clients and HTTP in a row"))
    .addOption(
      new Option("--http <who>", "who reaches the HTTP gateways")
        .choices(["loopback", "exposed", "off"])
        .default("loopback"),
    )
    .addOption(certificatesOption())
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(init);
}

async function init(options: InitOptions): Promise<void> {
  const { replicas, protocol, slow, dir, name, hostTemplate, basePort, http, certificates, json } = options;
  const schemes = schemesOf(certificates);
  const parameters = { slowReplicas: slow };
  const plan = {
    replicas,
    protocol,
    parameters,
    directory: dir,
    name,
    hostTemplate,
    basePort,
    http,
    schemes,
  };
  const { directory, genesis, replicaDirectories } = await initCluster(plan, note, interruption());
  if (json) return printJson({ directory, replicas, protocol, replicaDirectories });
  printLine(`A cluster of ${genesis.replicas.length} replicas running ${protocol} is in ${directory}.`);
  printLine(`Run all on this machine:  destiny up --dir ${dir}`);
  printLine(`Run one:                  destiny start --config ${dir}/replica-0`);
}
