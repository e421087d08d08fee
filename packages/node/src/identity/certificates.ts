import "reflect-metadata"; // The certificate library's dependency injection looks for it while it loads.
import { randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { REPLICAS_MAX, type ReplicaId } from "@destiny/core/kernel/ids";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type Fingerprint, fingerprintOfPem } from "./fingerprint.ts";

/** Whom a certificate is for, and where clients will look for it. */
export interface CertificateSubject {
  readonly replica: ReplicaId;
  /** The cluster's name, 1 to 64 printable characters: for people who read the certificate. */
  readonly cluster: string;
  /** DNS names and IP addresses under which clients reach the replica. */
  readonly hosts: readonly string[];
}

/** A replica's identity on the network: the key stays with it, the fingerprint goes into genesis. */
export interface ReplicaCertificate {
  readonly certPem: string;
  readonly keyPem: string;
  readonly fingerprint: Fingerprint;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
// RFC 5280, 4.1.2.5: a certificate that ends when its genesis says so, not at a date. A clock that is wrong
// at one replica must not cost the cluster that replica, hence the far past as well.
const VALID_FROM = new Date("2020-01-01T00:00:00Z");
const VALID_TO = new Date("9999-12-31T23:59:59Z");
const CLUSTER_LENGTH_MAX = 64; // X.520's upper bound of an organization name.

/**
 * A new P-256 key and its self-signed certificate, fit for both ends of a mesh link and for the port that
 * clients connect to. Names in it are for people and for clients; replicas trust its fingerprint alone.
 */
export async function createReplicaCertificate(subject: CertificateSubject): Promise<ReplicaCertificate> {
  checkSubject(subject);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: [{ CN: [`replica-${subject.replica}`] }, { O: [subject.cluster] }],
      notBefore: VALID_FROM,
      notAfter: VALID_TO,
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension(alternativeNames(subject)),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  const certPem = `${certificate.toString("pem")}\n`;
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { certPem, keyPem: toPem("PRIVATE KEY", key), fingerprint: fingerprintOfPem(certPem) };
}

function alternativeNames(subject: CertificateSubject): JsonGeneralNames {
  const identity = `urn:destiny:${encodeURIComponent(subject.cluster)}:replica:${subject.replica}`;
  const hosts = subject.hosts.map(
    (host) => ({ type: isIP(host) === 0 ? "dns" : "ip", value: host }) as const,
  );
  return [{ type: "url", value: identity }, ...hosts];
}

function checkSubject({ replica, cluster, hosts }: CertificateSubject): void {
  if (!Number.isInteger(replica) || replica < 0 || replica >= REPLICAS_MAX) {
    throw new ConfigurationError(`replica ids go from 0 to ${REPLICAS_MAX - 1}, not ${replica}`);
  }
  if (cluster.length > CLUSTER_LENGTH_MAX || !/^[\x20-\x7e]+$/.test(cluster)) {
    throw new ConfigurationError(
      `name the cluster with 1 to ${CLUSTER_LENGTH_MAX} printable ASCII characters`,
    );
  }
  const wrong = hosts.find((host) => isIP(host) === 0 && !/^[A-Za-z0-9_.-]{1,253}$/.test(host));
  if (wrong !== undefined) {
    throw new ConfigurationError(`"${wrong}" is no host: give a DNS name without wildcard, or an IP address`);
  }
}

/** 127 random bits, positive and without leading zero bits, as RFC 5280 wants them. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
