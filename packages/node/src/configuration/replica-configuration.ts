import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Preamble } from "@destiny/core/wire/statement";
import type { BlsBackend } from "@destiny/crypto/bls/backend";
import { openShareSigner, type SchemeKeys, shareKeyOf, shareKeysOf } from "@destiny/crypto/certificates/keys";
import type { ShareSigner } from "@destiny/crypto/certificates/scheme";
import { sha256 } from "@destiny/crypto/hash/sha256";
import { openEd25519 } from "@destiny/crypto/signatures/ed25519";
import { SOCKET_PATH_BYTES_MAX } from "@destiny/crypto/trusted/socket-path";
import { readText } from "../files/json-file.ts";
import { checkSecretFile } from "../files/secret-file.ts";
import { type Genesis, type GenesisReplica, type HostPort, preambleOf } from "../genesis/genesis.ts";
import { readGenesis } from "../genesis/read-genesis.ts";
import { type ReplicaSecrets, readReplicaKey } from "./key-files.ts";
import { type LogLevel, type ReplicaLimits, readSettings } from "./replica-settings.ts";

/** Names of the files in a replica's folder. */
export const FILES = {
  settings: "replica.json",
  genesis: "genesis.json",
  key: "replica.key",
  tlsKey: "tls.key",
  data: "data",
  signer: "signer",
} as const;

/** All that a replica must know to start, read from its folder and found consistent. */
export interface ReplicaConfiguration {
  /** The replica's folder, absolute. */
  readonly directory: string;
  readonly id: ReplicaId;
  readonly genesis: Genesis;
  readonly preamble: Preamble;
  /** This replica's entry in the genesis. */
  readonly self: GenesisReplica;
  readonly listen: { readonly mesh: HostPort; readonly client: HostPort; readonly http: HostPort | null };
  readonly dataDirectory: string;
  readonly signerDirectory: string;
  /** Where the trusted signer is to listen: short enough, and in a folder of this user alone. */
  readonly signerSocketPath: string;
  readonly logLevel: LogLevel;
  readonly limits: ReplicaLimits;
  readonly secrets: ReplicaSecrets;
  /** The private key of the certificate in `self`. */
  readonly tlsKeyPem: string;
}

/** Reads a replica's folder. Throws {@link ConfigurationError} that says what is wrong in which file, and what to do. */
export function loadReplicaConfiguration(folder: string): ReplicaConfiguration {
  const directory = resolve(folder);
  const settings = readSettings(join(directory, FILES.settings));
  const genesis = readGenesis(resolve(directory, settings.genesis));
  const self = genesis.replicas[settings.id];
  if (self === undefined) {
    throw new ConfigurationError(
      `${join(directory, FILES.settings)}: "id" is ${settings.id}, but the genesis has ` +
        `${genesis.replicas.length} replicas: give one from 0 to ${genesis.replicas.length - 1}`,
    );
  }
  const secrets = readReplicaKey(join(directory, FILES.key));
  checkSeed(secrets.hostSeed, self.hostKey, "hostSeed", directory);
  checkSeed(secrets.gatewaySeed, self.gatewayKey, "gatewaySeed", directory);
  const signerDirectory = resolve(directory, settings.signer);
  return {
    directory,
    id: settings.id,
    genesis,
    preamble: preambleOf(genesis),
    self,
    listen: settings.listen,
    dataDirectory: resolve(directory, settings.data),
    signerDirectory,
    signerSocketPath: socketPathFor(signerDirectory),
    logLevel: settings.logLevel,
    limits: settings.limits,
    secrets,
    tlsKeyPem: readTlsKey(join(directory, FILES.tlsKey), self),
  };
}

/** Makes this replica's shares of scheme `pi`. Throws {@link ConfigurationError} if its secret is another's. */
export function openReplyShares(configuration: ReplicaConfiguration, backend: BlsBackend): ShareSigner {
  const { genesis, secrets } = configuration;
  const own = { scheme: genesis.schemes.replies, secret: secrets.replyShareSecret };
  return openShares(configuration, backend, "replyShareSecret", own);
}

/** Makes those of scheme `sigma`; undefined if the protocol has no fast path. Throws as {@link openReplyShares}. */
export function openFastShares(
  configuration: ReplicaConfiguration,
  backend: BlsBackend,
): ShareSigner | undefined {
  const { genesis, secrets } = configuration;
  const scheme = genesis.schemes.fast;
  if (scheme === undefined) return undefined;
  return openShares(configuration, backend, "fastShareSecret", {
    scheme,
    secret: secrets.fastShareSecret ?? "",
  });
}

function openShares(
  { id, directory }: ReplicaConfiguration,
  backend: BlsBackend,
  field: keyof ReplicaSecrets,
  { scheme, secret }: { readonly scheme: SchemeKeys; readonly secret: string },
): ShareSigner {
  if (secret === "") throw wrongSecret(field, directory);
  const signer = openShareSigner(backend, scheme.kind, secret);
  const key = shareKeyOf(backend, scheme.kind, secret);
  if (key === undefined || Buffer.from(key).toString("hex") !== shareKeysOf(scheme)[id]) {
    throw wrongSecret(field, directory);
  }
  return signer;
}

/** In the signer's own folder if that is not too long for a socket, else in the system's folder for such things. */
function socketPathFor(signerDirectory: string): string {
  const near = join(signerDirectory, "socket");
  if (Buffer.byteLength(near) <= SOCKET_PATH_BYTES_MAX) return near;
  const name = Buffer.from(sha256(Buffer.from(signerDirectory)))
    .toString("hex")
    .slice(0, 16);
  return join(tmpdir(), `destiny-${userInfo().uid}-${name}`, "socket");
}

function checkSeed(seed: string, publicKey: string, field: keyof ReplicaSecrets, directory: string): void {
  const made = openEd25519().publicKeyFromSeed(Buffer.from(seed, "hex"));
  if (Buffer.from(made).toString("hex") !== publicKey) throw wrongSecret(field, directory);
}

function wrongSecret(field: keyof ReplicaSecrets, directory: string): ConfigurationError {
  return new ConfigurationError(
    `${join(directory, FILES.key)}: "${field}" does not belong to this replica's key in the genesis: ` +
      "restore both from the same `destiny init`",
  );
}

function readTlsKey(path: string, self: GenesisReplica): string {
  const remedy = "restore it from where `destiny init` wrote it";
  checkSecretFile(path, remedy);
  const pem = readText(path, remedy);
  const key = parseKey(pem);
  if (key === undefined || !new X509Certificate(self.certificate.pem).checkPrivateKey(key)) {
    throw new ConfigurationError(
      `${path} is not the key of this replica's certificate in the genesis: ${remedy}`,
    );
  }
  return pem;
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
