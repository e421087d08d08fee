import { expect, test } from "vitest";
import {
  ClusterDescriptionError,
  clusterDescriptionToJson,
  parseClusterDescription,
} from "./cluster-description.ts";

const replica = (id: number): object => ({
  id,
  clientHost: "127.0.0.1",
  clientPort: 7000 + id,
  fingerprint: "ab".repeat(32),
});
const threshold = {
  kind: "threshold",
  threshold: 2,
  groupKey: "00".repeat(96),
  shareKeys: Array.from({ length: 3 }, () => "11".repeat(96)),
};
const json = {
  cluster: "0f".repeat(32),
  configuration: 0,
  replicas: [0, 1, 2].map(replica),
  faults: { kind: "hybrid", n: 3, f: 1, c: 0 },
  replyScheme: threshold,
  pipeline: 16,
};

test("a description survives JSON", () => {
  for (const replyScheme of [
    threshold,
    { kind: "plain" },
    {
      kind: "multisig",
      threshold: 2,
      members: Array.from({ length: 3 }, () => ({ publicKey: "11".repeat(96), proof: "22".repeat(96) })),
    },
  ]) {
    const description = parseClusterDescription({ ...json, replyScheme });
    expect(description.cluster).toBe("\u000f".repeat(32));
    expect(description.faults.oneCorrect).toBe(2);
    const again: unknown = JSON.parse(JSON.stringify(clusterDescriptionToJson(description)));
    expect(again).toEqual({ ...json, replyScheme });
    expect(parseClusterDescription(again)).toEqual(description);
  }
});

test.each([
  [null, "the description must be a JSON object"],
  [[], "the description must be a JSON object"],
  [
    { ...json, cluster: "0F".repeat(32) },
    '"cluster" of the description must be 32 bytes in lower-case hexadecimal',
  ],
  [{ ...json, configuration: -1 }, '"configuration"'],
  [{ ...json, replicas: [] }, '"replicas" of the description must be a list of 1 to 1024 items'],
  [{ ...json, replicas: [0, 2, 1].map(replica) }, '"id" of "replicas[1]" of the description must be 1'],
  [{ ...json, replicas: [{ ...replica(0), clientPort: 70_000 }] }, '"clientPort"'],
  [{ ...json, replicas: [{ ...replica(0), clientHost: "" }] }, '"clientHost"'],
  [{ ...json, replicas: [{ ...replica(0), fingerprint: "ab" }] }, '"fingerprint"'],
  [{ ...json, faults: { kind: "hybrid", n: 4, f: 1, c: 0 } }, '"n" of "faults" of the description must be 3'],
  [{ ...json, faults: { kind: "hybrid", n: 3, f: 0, c: 0 } }, '"f" of "faults" of the description must be 1'],
  [{ ...json, faults: { kind: "benign", n: 3, f: 1, c: 0 } }, "one of hybrid, byzantine"],
  [{ ...json, replyScheme: { ...threshold, threshold: 1 } }, '"threshold" of "replyScheme"'],
  [{ ...json, replyScheme: { ...threshold, groupKey: "zz" } }, '"groupKey"'],
  [{ ...json, replyScheme: { ...threshold, shareKeys: ["0"] } }, '"shareKeys"'],
  [{ ...json, replyScheme: { kind: "rsa" } }, "one of threshold, multisig, list, plain"],
  [{ ...json, pipeline: 0 }, '"pipeline" of the description must be a whole number from 1 to 4096'],
  [{ ...json, pipeline: "8" }, '"pipeline"'],
])("what is no description is told by field: %#", (wrong, message) => {
  expect(() => parseClusterDescription(wrong)).toThrow(ClusterDescriptionError);
  expect(() => parseClusterDescription(wrong)).toThrow(message);
});
