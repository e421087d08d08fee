import { CATALOGUE, findProtocol } from "@destiny/core/catalogue";
import { REPLICAS_MAX } from "@destiny/core/kernel/ids";
import type { ClusterPlan } from "@destiny/node/configuration/init-cluster";
import { InvalidArgumentError, Option } from "commander";

const PORT_MIN = 16;
const PORT_MAX = 65_535;

/** Reads a whole number within bounds; what is out of them is wrong usage. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}

/** Reads a number within bounds, fractions allowed. */
export function decimal(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`);
  };
}

/** Number of replicas; the protocol says which it can run with. */
export function replicasOption(): Option {
  return new Option("-n, --replicas <n>", "how many replicas").argParser(whole(1, REPLICAS_MAX));
}

/** `c` of SBFT. */
export function slowOption(): Option {
  return new Option(
    "--slow <c>",
    "replicas that may be slow without ending SBFT's fast path, beside f faulty ones: n = 3f + 2c + 1",
  )
    .argParser(whole(0, REPLICAS_MAX))
    .default(0);
}

/** Name of a protocol. */
export function protocolOption(): Option {
  const names = CATALOGUE.map(({ name }) => name);
  return new Option("-p, --protocol <name>", `one of ${names.join(", ")}`).argParser((text) => {
    if (findProtocol(text) === undefined)
      throw new InvalidArgumentError(`Choose one of ${names.join(", ")}.`);
    return text;
  });
}

/** What `--certificates` may say. */
const CERTIFICATES = ["list", "bls", "multisig", "threshold"] as const;
export type Certificates = (typeof CERTIFICATES)[number];

/** How a cluster proves its decisions and replies. */
export function certificatesOption(): Option {
  return new Option(
    "--certificates <kind>",
    "list: Ed25519 signatures side by side; bls: multi-signatures for commits and threshold signatures for replies; " +
      "or one of the latter for both (default: list up to 9 replicas, else bls)",
  ).choices(CERTIFICATES);
}

/** The schemes that the option means; undefined leaves the choice to the cluster's size. */
export function schemesOf(certificates: Certificates | undefined): ClusterPlan["schemes"] {
  if (certificates === undefined) return undefined;
  if (certificates === "bls") return { commits: "multisig", replies: "threshold" };
  return { commits: certificates, replies: certificates };
}

/** A port from which others follow, so that the lowest ones are not for it. */
export function portOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(whole(PORT_MIN, PORT_MAX));
}

/** Results as one JSON value. */
export function jsonOption(): Option {
  return new Option("--json", "print exactly one JSON value");
}
