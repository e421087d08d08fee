import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { DIGEST_BYTES, REPLICAS_MAX } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { HEADER_BYTES } from "@destiny/core/wire/frame-parser";
import { fingerprintOfPem, isFingerprint } from "../identity/fingerprint.ts";
import { DEFAULT_LIMITS, type MeshLimits, type MeshOptions, type MeshPeer } from "./options.ts";
import { FRAME_COST_BYTES } from "./send-queue.ts";

/**
 * Refuses, with a {@link ConfigurationError}, a configuration under which a pin could be ambiguous or void.
 */
export function checkOptions(options: MeshOptions): void {
  invariant(options.cluster.length === DIGEST_BYTES, "a cluster's identity is a digest");
  const ids = new Set([options.self]);
  const fingerprints = new Set([fingerprintOfPem(options.certPem)]);
  for (const peer of options.peers) {
    checkPeer(peer);
    if (ids.has(peer.id))
      throw new ConfigurationError(`replica ${peer.id} is listed twice: give each id once`);
    if (fingerprints.has(peer.fingerprint)) {
      throw new ConfigurationError(
        `replica ${peer.id} has the certificate of another replica: make it its own`,
      );
    }
    ids.add(peer.id);
    fingerprints.add(peer.fingerprint);
  }
}

/** The defaults with what the options override; a {@link ConfigurationError} for a limit that cannot work. */
export function limitsOf(options: MeshOptions): MeshLimits {
  const limits: MeshLimits = { ...DEFAULT_LIMITS, ...options.limits };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1 || value >= 2 ** 31) {
      throw new ConfigurationError(
        `the mesh limit ${name} is ${value}: give a whole number from 1 to 2147483647`,
      );
    }
  }
  if (limits.backlogBytesMax < limits.frameBytesMax + HEADER_BYTES + FRAME_COST_BYTES) {
    throw new ConfigurationError(
      "the mesh limit backlogBytesMax is below frameBytesMax: let it hold a frame",
    );
  }
  if (limits.redialMaxMillis < limits.redialMinMillis) {
    throw new ConfigurationError("the mesh limit redialMaxMillis is below redialMinMillis: swap them");
  }
  return limits;
}

function checkPeer(peer: MeshPeer): void {
  if (!Number.isInteger(peer.id) || peer.id < 0 || peer.id >= REPLICAS_MAX) {
    throw new ConfigurationError(`replica ids go from 0 to ${REPLICAS_MAX - 1}, not ${peer.id}`);
  }
  if (!isFingerprint(peer.fingerprint)) {
    throw new ConfigurationError(
      `the fingerprint of replica ${peer.id} is not 64 lower-case hexadecimal digits`,
    );
  }
  if (fingerprintOfPem(peer.certPem) !== peer.fingerprint) {
    throw new ConfigurationError(
      `the certificate of replica ${peer.id} is not the one in genesis: copy it from that replica again`,
    );
  }
}
