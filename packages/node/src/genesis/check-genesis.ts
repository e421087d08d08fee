import { CATALOGUE, findProtocol, type Protocol } from "@destiny/core/catalogue";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import { REPLICAS_MAX } from "@destiny/core/kernel/ids";
import { InvariantViolation } from "@destiny/core/kernel/invariant";
import { checkParameters, type Parameters } from "@destiny/core/parameters";
import { type SchemeKeys, shareKeysOf } from "@destiny/crypto/certificates/keys";
import { isSoundPoint } from "@destiny/crypto/signatures/ed25519";
import { nearest } from "../files/nearest.ts";
import { fingerprintOfPem } from "../identity/fingerprint.ts";
import type { Genesis, GenesisReplica } from "./genesis.ts";

/**
 * Refuses, with a {@link ConfigurationError}, a genesis whose fields do not go together. What needs curve arithmetic, the
 * keys of the schemes and their proofs of possession, is for `openSchemes` to find out.
 */
export function checkGenesis(genesis: Genesis): void {
  const faults = faultsOfGenesis(genesis);
  tryParameters(genesis.parameters);
  for (const [place, replica] of genesis.replicas.entries()) checkReplica(replica, place);
  checkDistinct(genesis);
  checkFastScheme(genesis, faults);
  checkScheme("schemes.commits", genesis.schemes.commits, faults.n, faults.quorum);
  checkScheme("schemes.replies", genesis.schemes.replies, faults.n, faults.oneCorrect);
  checkAdmission(genesis);
}

/** The protocol of this name; a {@link ConfigurationError} with the names that there are if it is none. */
export function protocolOf(name: string): Protocol {
  const found = findProtocol(name);
  if (found !== undefined) return found;
  const names = CATALOGUE.map((protocol) => protocol.name);
  const meant = nearest(name, names);
  const hint = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
  throw new ConfigurationError(`no protocol is called "${name}"${hint}: choose one of ${names.join(", ")}`);
}

/** Whom n replicas running this protocol tolerate, `slow` more being slow; a {@link ConfigurationError} if that is nobody. */
export function faultsOf(protocolName: string, n: number, slow: number): FaultModel {
  const protocol = protocolOf(protocolName);
  if (slow > 0 && protocol.fastPath !== true) {
    throw new ConfigurationError(`${protocol.name} has no fast path for the slow: leave slowReplicas at 0`);
  }
  let fewest = 1;
  while (protocol.faults(fewest, slow).f < 1) fewest += 1;
  if (n < fewest || n > REPLICAS_MAX) {
    const beside = slow === 0 ? "" : ` with ${slow} slow`;
    throw new ConfigurationError(
      `${n} replicas cannot run ${protocol.name}${beside}: give ${fewest} to ${REPLICAS_MAX}, so that one may fail`,
    );
  }
  return protocol.faults(n, slow);
}

/** Whom the cluster of a genesis tolerates. */
export function faultsOfGenesis({ protocol, replicas, parameters }: Genesis): FaultModel {
  return faultsOf(protocol, replicas.length, parameters.slowReplicas);
}

/** Refuses, with a {@link ConfigurationError}, parameters that do not go together. */
export function tryParameters(parameters: Parameters): void {
  try {
    checkParameters(parameters);
  } catch (error) {
    if (!(error instanceof InvariantViolation)) throw error;
    throw new ConfigurationError(
      `the parameters break ${error.message}: change checkpointPeriod (K) or orderWindow (W_O), ` +
        "referencesPerInstanceMax (b) or disseminationWindow (W_D)",
    );
  }
}

function checkReplica(replica: GenesisReplica, place: number): void {
  const name = `replicas[${place}]`;
  if (replica.id !== place) {
    throw new ConfigurationError(
      `${name} has the id ${replica.id}: give each its place in the list, ${place}`,
    );
  }
  if (fingerprintOfPem(replica.certificate.pem) !== replica.certificate.fingerprint) {
    throw new ConfigurationError(
      `the fingerprint of ${name} is not that of its certificate: copy both again`,
    );
  }
  for (const [field, key] of ed25519KeysOf(replica)) checkEd25519Key(`${name}.${field}`, key);
}

function ed25519KeysOf({ hostKey, signer, gatewayKey }: GenesisReplica): [string, string][] {
  return [
    ["hostKey", hostKey],
    ["signer.identityKey", signer.identityKey],
    ["gatewayKey", gatewayKey],
  ];
}

function checkEd25519Key(name: string, key: string): void {
  if (isSoundPoint(Buffer.from(key, "hex"))) return;
  throw new ConfigurationError(
    `${name} is no sound Ed25519 key (of small order, or badly spelt): make it anew`,
  );
}

/** What two replicas share, one of them does not have: an address, a certificate, a key. */
function checkDistinct({ replicas, schemes }: Genesis): void {
  const owners = new Map<string, string>();
  const claim = (kind: string, value: string, owner: string): void => {
    const other = owners.get(`${kind} ${value}`);
    if (other !== undefined)
      throw new ConfigurationError(`${other} and ${owner} share ${kind} ${value}: give each its own`);
    owners.set(`${kind} ${value}`, owner);
  };
  for (const replica of replicas) {
    const name = `replicas[${replica.id}]`;
    for (const field of ["mesh", "client", "http"] as const) {
      const address = replica[field];
      if (address !== null)
        claim("the address", `${address.host.toLowerCase()}:${address.port}`, `${name}.${field}`);
    }
    claim("the certificate", replica.certificate.fingerprint, name);
    for (const [field, key] of ed25519KeysOf(replica)) claim("the key", key, `${name}.${field}`);
  }
  for (const purpose of ["commits", "replies", "fast"] as const) {
    for (const [i, key] of keysOf(schemes[purpose]).entries())
      claim("the key", key, `schemes.${purpose}[${i}]`);
  }
}

function keysOf(scheme: SchemeKeys | undefined): readonly string[] {
  return scheme === undefined ? [] : shareKeysOf(scheme);
}

function checkFastScheme({ protocol, schemes }: Genesis, faults: FaultModel): void {
  const wanted = protocolOf(protocol).fastPath === true;
  if (wanted !== (schemes.fast !== undefined)) {
    const remedy = wanted ? "deal keys for it" : "drop it";
    throw new ConfigurationError(`schemes.fast is for protocols with a fast path only: ${remedy}`);
  }
  if (schemes.fast !== undefined) checkScheme("schemes.fast", schemes.fast, faults.n, faults.fastQuorum);
}

function checkScheme(name: string, scheme: SchemeKeys, n: number, threshold: number): void {
  const count = shareKeysOf(scheme).length;
  if (count !== n) throw new ConfigurationError(`${name} has ${count} keys for ${n} replicas: give each one`);
  if (scheme.threshold !== threshold) {
    throw new ConfigurationError(
      `${name}.threshold is ${scheme.threshold}, but with these replicas it must be ${threshold}: deal keys anew`,
    );
  }
}

function checkAdmission({ admission, replicas }: Genesis): void {
  if (admission.type === "anyone") return;
  const admitted = new Set<string>();
  for (const [i, client] of admission.clients.entries()) {
    checkEd25519Key(`admission.clients[${i}]`, client);
    if (admitted.has(client))
      throw new ConfigurationError(`admission.clients[${i}] is listed twice: drop it`);
    admitted.add(client);
  }
  const outside = replicas.find(({ gatewayKey }) => !admitted.has(gatewayKey));
  if (outside === undefined) return;
  throw new ConfigurationError(
    `the gateway of replica ${outside.id} may not submit: add its gatewayKey to admission.clients`,
  );
}
