import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { expect, test } from "vitest";
import { createReplicaCertificate } from "./certificates.ts";
import { fingerprintOfPem, isFingerprint } from "./fingerprint.ts";

const subject = { replica: 3, cluster: "orders, eu", hosts: ["127.0.0.1", "::1", "r3.example.org"] };

test("a certificate names its replica, its cluster and its hosts", async () => {
  const { certPem } = await createReplicaCertificate(subject);
  const certificate = new X509Certificate(certPem);
  expect(certificate.subject).toContain("CN=replica-3");
  expect(certificate.subject).toContain("O=orders, eu".replace(",", "\\,"));
  expect(certificate.subjectAltName).toContain("URI:urn:destiny:orders%2C%20eu:replica:3");
  expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(certificate.checkIP("::1")).toBeDefined();
  expect(certificate.checkHost("r3.example.org")).toBe("r3.example.org");
  expect(certificate.checkHost("r4.example.org")).toBeUndefined();
});

test("it belongs to its key, on P-256, can certify nobody and does not expire", async () => {
  const { certPem, keyPem } = await createReplicaCertificate(subject);
  const certificate = new X509Certificate(certPem);
  const key = createPrivateKey(keyPem);
  expect(key.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  expect(certificate.checkPrivateKey(key)).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(new Date(certificate.validFrom).getUTCFullYear()).toBe(2020);
  expect(new Date(certificate.validTo).getUTCFullYear()).toBe(9999);
});

test("the fingerprint is SHA-256 of the DER bytes, and never the same twice", async () => {
  const [one, two] = await Promise.all([
    createReplicaCertificate(subject),
    createReplicaCertificate(subject),
  ]);
  const der = new X509Certificate(one.certPem).raw;
  expect(one.fingerprint).toBe(createHash("sha256").update(der).digest("hex"));
  expect(isFingerprint(one.fingerprint)).toBe(true);
  expect(two.fingerprint).not.toBe(one.fingerprint);
});

test.each([
  { ...subject, replica: -1 },
  { ...subject, replica: 1.5 },
  { ...subject, replica: 1024 },
  { ...subject, cluster: "" },
  { ...subject, cluster: "a\u0000b" },
  { ...subject, cluster: "a".repeat(65) },
  { ...subject, hosts: [""] },
  { ...subject, hosts: ["*.example.org"] },
  { ...subject, hosts: ["a\u0000.example.org"] },
])("a subject that would make a misleading certificate is refused: %j", async (wrong) => {
  await expect(createReplicaCertificate(wrong)).rejects.toThrow(ConfigurationError);
});

test("what is not PEM is the operator's error", () => {
  expect(() => fingerprintOfPem("hello")).toThrow(ConfigurationError);
  expect(isFingerprint("AB".repeat(32))).toBe(false);
});
