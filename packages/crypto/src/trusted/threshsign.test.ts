import { COUNTER_MAX, ROOT } from "@destiny/core/kernel/ids";
import { fromDigest, toDigest } from "@destiny/core/wire/reader";
import {
  Counter,
  type CounterValue,
  independentStatement,
  voteStatement,
} from "@destiny/core/wire/statement";
import { Writer } from "@destiny/core/wire/writer";
import { expect, test } from "vitest";
import { ModelScheme } from "../certificates/model.ts";
import { digestOf } from "../hash/sha256.ts";
import { openIdentity } from "./identity-signer.ts";
import { type CertifyKind, type CertifyOutcome, type CertifyRequest, MESSAGE_BYTES_MAX } from "./request.ts";
import { ThreshSign } from "./threshsign.ts";

const preamble = { cluster: "c".repeat(32), configuration: 0 };
const scheme = new ModelScheme({ kind: "threshold", n: 3, threshold: 2, seed: "trusted" });
const INSTANCES = 3;

function signer(replica = 0, historySize = 4): ThreshSign {
  const identity = openIdentity(`0${replica}`.repeat(32));
  return new ThreshSign({
    preamble,
    replica,
    bootEpoch: 7,
    instances: INSTANCES,
    historySize,
    shares: scheme.signer(replica),
    identity,
  });
}

function ask(kind: CertifyKind, value: [number, number], text: string | Uint8Array): CertifyRequest {
  const message = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return { kind, instance: 1, counter: Counter.Order, value: { view: value[0], seq: value[1] }, message };
}

function granted(outcome: CertifyOutcome): CertifyOutcome & { ok: true } {
  if (!outcome.ok) throw new Error(`refused: ${outcome.refusal}`);
  return outcome;
}

test("a value is certified for one message only, as independent", () => {
  const trusted = signer();
  granted(trusted.certify(ask("independent", [0, 5], "a")));

  expect(trusted.certify(ask("independent", [0, 5], "b"))).toEqual({ ok: false, refusal: "valueUsed" });
  expect(trusted.certify(ask("independent", [0, 4], "b"))).toEqual({ ok: false, refusal: "valueBehind" });
  expect(trusted.certify(ask("continuing", [0, 4], "b"))).toEqual({ ok: false, refusal: "valueBehind" });
  expect(trusted.current(1, Counter.Order)).toEqual({ view: 0, seq: 5 });
});

test("the first value is above [0|0], and a view outweighs every sequence number", () => {
  const trusted = signer();
  expect(trusted.certify(ask("independent", [0, 0], "a")).ok).toBe(false);
  granted(trusted.certify(ask("independent", [0, COUNTER_MAX], "a")));
  granted(trusted.certify(ask("independent", [1, 0], "b")));
  granted(trusted.certify(ask("independent", [1, 1], "c")));
});

test("shares of all signers are over the same bytes, individual certificates are not", () => {
  const outcomes = [0, 1].map((replica) => granted(signer(replica).certify(ask("independent", [2, 3], "m"))));
  const message = digestOf(new TextEncoder().encode("m"));
  const statement = independentStatement(preamble, ask("independent", [2, 3], "m"), message);
  const shares = outcomes.map(({ share }, at) => ({ signer: at, share: share as Uint8Array }));

  expect(scheme.combineSync(statement, shares).certificate).toBeDefined();
  expect(outcomes[0]?.certificate).not.toEqual(outcomes[1]?.certificate);
});

test("an independent certificate is no continuing one, and a trusted MAC has neither share nor counter", () => {
  const independent = granted(signer().certify(ask("independent", [1, 0], "m")));
  const continuing = granted(signer().certify(ask("continuing", [1, 0], "m")));
  const trusted = signer();
  const mac = granted(trusted.certify({ ...ask("trustedMac", [9, 9], "m"), instance: ROOT }));

  expect(continuing.share).toBeUndefined();
  expect(continuing.old).toEqual({ view: 0, seq: 0 });
  expect(independent.certificate).not.toEqual(continuing.certificate);
  expect(Object.keys(mac)).toEqual(["ok", "certificate"]);
  expect(trusted.exportState().entries).toEqual([]);
});

test("a unique certificate is an independent one without the share, and spends the same value", () => {
  const [trusted, other] = [signer(), signer()];
  const unique = granted(trusted.certify(ask("unique", [1, 1], "m")));
  expect(unique.share).toBeUndefined();
  expect(unique.certificate).toEqual(granted(other.certify(ask("independent", [1, 1], "m"))).certificate);
  expect(trusted.certify(ask("unique", [1, 1], "n"))).toEqual({ ok: false, refusal: "valueUsed" });
  expect(trusted.certify(ask("independent", [1, 1], "n"))).toEqual({ ok: false, refusal: "valueUsed" });
  expect(granted(trusted.certify(ask("unique", [1, 1], "m")))).toEqual(unique);
});

test("a vote has a share and no counter, and is no independent certificate", () => {
  const trusted = signer();
  const votes = [0, 1].map((replica) => granted(signer(replica).certify(ask("vote", [2, 3], "m"))));
  const again = [trusted.certify(ask("vote", [2, 3], "m")), trusted.certify(ask("vote", [1, 1], "other"))];
  const message = digestOf(new TextEncoder().encode("m"));
  const shares = votes.map(({ share }, at) => ({ signer: at, share: share as Uint8Array }));

  const { instance } = ask("vote", [2, 3], "m");
  expect(scheme.combineSync(voteStatement(preamble, instance, message), shares).certificate).toBeDefined();
  const counted = independentStatement(preamble, ask("independent", [2, 3], "m"), message);
  expect(scheme.combineSync(counted, shares).culprits).toEqual([0, 1]);
  expect(again.map(({ ok }) => ok)).toEqual([true, true]);
  expect(trusted.exportState().entries).toEqual([]);
  expect(trusted.certify({ ...ask("vote", [0, 0], "m"), instance: ROOT })).toMatchObject({ ok: false });
});

test("a continuing certificate may repeat the value and says so; its re-issue keeps the first old value", () => {
  const trusted = signer();
  granted(trusted.certify(ask("independent", [0, 3], "a")));
  const moved = granted(trusted.certify(ask("continuing", [1, 0], "b")));
  const again = granted(trusted.certify(ask("continuing", [1, 0], "c")));

  expect(moved.old).toEqual({ view: 0, seq: 3 });
  expect(again.old).toEqual({ view: 1, seq: 0 });
  expect(trusted.certify(ask("continuing", [1, 0], "b"))).toEqual(moved);
});

test("the last values are re-issued bit for bit, older ones and other messages are refused", () => {
  const trusted = signer();
  const seqs = [1, 2, 3, 4, 5];
  const first = seqs.map((seq) => trusted.certify(ask("independent", [0, seq], `m${seq}`)));
  const second = seqs.map((seq) => trusted.certify(ask("independent", [0, seq], `m${seq}`)));
  const other = seqs.map((seq) => trusted.certify(ask("independent", [0, seq], "other")));
  const kind = trusted.certify(ask("continuing", [0, 4], "m4"));

  expect(second.slice(1)).toEqual(first.slice(1));
  expect(second[0]).toEqual({ ok: false, refusal: "valueBehind" });
  expect(other.map((outcome) => !outcome.ok && outcome.refusal)).toEqual([
    "valueBehind",
    ...seqs.slice(1).map(() => "valueUsed"),
  ]);
  expect(kind).toEqual({ ok: false, refusal: "valueUsed" });
  expect(trusted.current(1, Counter.Order)).toEqual({ view: 0, seq: 5 });
});

test("counters of one signer do not touch each other", () => {
  const trusted = signer();
  granted(trusted.certify(ask("independent", [0, 9], "a")));
  granted(trusted.certify({ ...ask("independent", [0, 1], "b"), counter: Counter.NewView }));
  granted(trusted.certify({ ...ask("independent", [0, 1], "c"), instance: 2 }));
});

test.each<[string, Partial<CertifyRequest>]>([
  ["unknownInstance", { instance: INSTANCES }],
  ["unknownInstance", { instance: -1 }],
  ["unknownInstance", { instance: 0.5 }],
  ["unknownInstance", { instance: ROOT }],
  ["unknownInstance", { kind: "trustedMac", instance: INSTANCES }],
  ["unknownCounter", { counter: 2 as Counter }],
  ["valueOutOfRange", { value: { view: COUNTER_MAX + 1, seq: 0 } }],
  ["valueOutOfRange", { value: { view: 1, seq: 2 ** 53 } }],
  ["valueOutOfRange", { value: { view: 1, seq: Number.NaN } }],
  ["valueOutOfRange", { value: { view: 1, seq: -1 } }],
  ["valueOutOfRange", { value: { view: 0.5, seq: 1 } }],
  ["messageTooLong", { message: new Uint8Array(MESSAGE_BYTES_MAX + 1) }],
])("refuses with %s: %o", (refusal, change) => {
  const trusted = signer();
  expect(trusted.certify({ ...ask("independent", [1, 1], "m"), ...change })).toEqual({ ok: false, refusal });
  expect(trusted.exportState().entries).toEqual([]);
});

test("the largest value is the last: nothing wraps", () => {
  const trusted = signer();
  granted(trusted.certify(ask("independent", [COUNTER_MAX, COUNTER_MAX], "last")));
  expect(trusted.certify(ask("independent", [COUNTER_MAX, COUNTER_MAX + 1], "x")).ok).toBe(false);
  expect(trusted.certify(ask("independent", [0, 1], "x")).ok).toBe(false);
});

test("linear-hybster.md 1: a digest XORed with counter values forges nothing", () => {
  const forgedValue = { view: 0, seq: 1 };
  const laterValue = { view: 0, seq: 2 };
  const forged = digestOf(new TextEncoder().encode("a second message at a used value"));
  const supplied = xor(xor(fromDigest(forged), encoded(forgedValue)), encoded(laterValue));

  // The binding of the authors' code signs `digest xor value`, and does not survive this:
  const weakly = (digest: Uint8Array, value: CounterValue): Uint8Array => xor(digest, encoded(value));
  expect(weakly(supplied, laterValue)).toEqual(weakly(fromDigest(forged), forgedValue));

  const trusted = signer();
  granted(trusted.certify(ask("independent", [0, 1], "honest")));
  const { share } = granted(trusted.certify(ask("independent", [0, 2], supplied)));
  for (const message of [forged, toDigest(supplied)]) {
    for (const value of [forgedValue, laterValue]) {
      const statement = independentStatement(preamble, { ...ask("independent", [0, 0], ""), value }, message);
      expect(scheme.verifyShareSync(statement, 0, share as Uint8Array)).toBe(false);
    }
  }
});

test("a rolled-back clone would equivocate: the hook that adversarial tests use does what it says", () => {
  const trusted = signer();
  granted(trusted.certify(ask("independent", [0, 1], "a")));
  const earlier = trusted.exportState();
  granted(trusted.certify(ask("independent", [0, 2], "b")));
  expect(trusted.certify(ask("independent", [0, 2], "evil")).ok).toBe(false);

  trusted.importState(earlier);
  expect(trusted.certify(ask("independent", [0, 2], "evil")).ok).toBe(true);
});

test("shares signed together are those signed one by one", async () => {
  const requests = [
    ask("independent", [0, 1], "a"),
    ask("independent", [0, 1], "refused"),
    ask("continuing", [0, 2], "b"),
    ask("independent", [0, 3], "c"),
    ask("trustedMac", [0, 0], "d"),
  ];
  const one = signer();
  const all = signer();
  const together = await all.signAll(requests.map((request) => all.step(request)));
  expect(together).toEqual(requests.map((request) => one.certify(request)));
});

function encoded(value: CounterValue): Uint8Array {
  return new Writer().raw(new Uint8Array(20)).u48(value.view).u48(value.seq).finish();
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0));
}
