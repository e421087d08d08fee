import { X509Certificate } from "node:crypto";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";

/** SHA-256 of a certificate's DER bytes, as 64 lower-case hexadecimal digits: what a replica is pinned by. */
export type Fingerprint = string;

/** Whether a string has the form of a {@link Fingerprint}. */
export function isFingerprint(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** The fingerprint of a certificate that has been parsed already. */
export function fingerprintOf(certificate: X509Certificate): Fingerprint {
  return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
}

/** The fingerprint of a PEM certificate from a file; a {@link ConfigurationError} if it is none. */
export function fingerprintOfPem(certPem: string): Fingerprint {
  try {
    return fingerprintOf(new X509Certificate(certPem));
  } catch {
    throw new ConfigurationError("a certificate is not readable as PEM: make it again with `destiny init`");
  }
}
