import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { fingerprintOfPem } from "../identity/fingerprint.ts";
import { type AuthenticatedSocket, identify } from "./greeting.ts";
import { newPeer } from "./peer.ts";
import { certify } from "./test-bed.ts";

const [own, other] = (await certify(2)).map(({ certPem }) => certPem);
const certPem = own ?? "";
const fingerprint = fingerprintOfPem(certPem);
const peer = newPeer({ id: 4, host: "127.0.0.1", port: 1, certPem, fingerprint });
const pins = new Map([[fingerprint, peer]]);

function socketWith(changes: Partial<AuthenticatedSocket>): AuthenticatedSocket {
  return {
    authorized: true,
    alpnProtocol: "destiny/1",
    isSessionReused: () => false,
    getPeerX509Certificate: () => new X509Certificate(certPem),
    ...changes,
  };
}

test("the fingerprint says who it is", () => {
  expect(identify(socketWith({}), pins)).toBe(peer);
});

// TLS should have refused each of these before: this is the second line.
test.each([
  ["resumed", { isSessionReused: () => true }],
  ["handshake", { alpnProtocol: "h2" }],
  ["handshake", { alpnProtocol: false }],
  ["certificate", { authorized: false }],
  ["certificate", { getPeerX509Certificate: (): X509Certificate | undefined => undefined }],
  ["certificate", { getPeerX509Certificate: () => new X509Certificate(other ?? "") }],
] as const)("nobody, for a fault of %s", (fault, changes) => {
  expect(identify(socketWith(changes), pins)).toBe(fault);
});
