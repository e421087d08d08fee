import { constants } from "node:crypto";
import {
  type ConnectionOptions,
  createSecureContext,
  type SecureContextOptions,
  type TlsOptions,
} from "node:tls";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { MeshOptions, MeshPeer } from "./options.ts";

/** Names our framing within TLS, so that no other protocol's server or client is ever taken for a replica. */
export const PROTOCOL = "destiny/1";

/** TLS 1.3 alone, AES-128-GCM first, no tickets, and no trust in any certificate but the peers' own. */
function contextOptions(options: MeshOptions): SecureContextOptions {
  return {
    cert: options.certPem,
    key: options.keyPem,
    ca: options.peers.map((peer) => peer.certPem),
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
    ciphers: "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
    honorCipherOrder: true,
    // A session ticket is a bearer credential: whoever resumes with it shows no certificate.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

export function serverOptions(options: MeshOptions, handshakeTimeoutMillis: number): TlsOptions {
  return {
    ...contextOptions(options),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: handshakeTimeoutMillis,
    ALPNProtocols: [PROTOCOL],
  };
}

/** For all peers that we dial: they share one context, which parses all certificates. */
export function clientOptions(options: MeshOptions): ConnectionOptions {
  try {
    const secureContext = createSecureContext(contextOptions(options));
    return { secureContext, rejectUnauthorized: true, ALPNProtocols: [PROTOCOL] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(
      `the key does not fit the certificate (${reason}): restore both from the same \`destiny init\``,
    );
  }
}

/** The peer's name is its pin: a stricter check than that of the host name, which it replaces. */
export function checkPin(peer: MeshPeer): NonNullable<ConnectionOptions["checkServerIdentity"]> {
  return (_host, certificate) => {
    const presented = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
    return presented === peer.fingerprint
      ? undefined
      : new Error(`not the certificate of replica ${peer.id}`);
  };
}
