import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { Verdict } from "../../agreement/agreement.ts";
import { AssignRequest, Certificate, type Evidence, MessageKind, Proposal } from "../../wire/messages.ts";
import { Value } from "../../wire/value.ts";
import { judgeOrder, mayDisseminate } from "./gate.ts";
import { type Entry, encodeOrderValue, type Reference } from "./order-value.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

const limits = { entriesMax: 6, referencesPerInstanceMax: 3, n: 3 };
const NOTHING = new Uint8Array(0);
const ref = (instance: number, seq: number): Reference => ({ type: "reference", instance, seq });

function header(instance: number, seq: number, extension = 0, view = 0): Evidence {
  const common = { kind: MessageKind.Prepare, view, seq, digest: "d".repeat(32), extension };
  const empty = { certificate: NOTHING, share: NOTHING, value: null, evidence: [] };
  return { instance, message: new Proposal({ ...common, ...empty }) };
}

function committed(instance: number, seq: number, extension = 0): Evidence {
  const fields = { kind: MessageKind.Commit, view: 4, seq, digest: "d".repeat(32), extension };
  return { instance, message: new Certificate({ ...fields, aggregate: NOTHING }) };
}

function assign(client: string, valid: boolean | null): Entry {
  const fields = { client: client.repeat(32), coordinator: 1, nonce: 1, signature: new Uint8Array(64) };
  const request = new AssignRequest(fields);
  request.valid = valid;
  return { type: "assign", request };
}

const judge = (entries: readonly Entry[], evidence: readonly Evidence[]): Verdict =>
  judgeOrder(encodeOrderValue(entries, digestOf), evidence, limits);

test("H1: a header or a commit certificate for every reference is all that it takes", () => {
  expect(judge([ref(0, 7), ref(2, 3)], [header(0, 7), committed(2, 3)])).toBe(Verdict.Accept);
});

test("H3, H8: bodies, decisions, contiguity, order and views of headers are not looked at", () => {
  const entries = [ref(1, 900), ref(1, 5), ref(1, 700)];
  expect(judge(entries, [header(1, 900, 0, 3), header(1, 5), header(1, 700, 0, 9)])).toBe(Verdict.Accept);
});

test("the verdict is the same for the same bytes read anew", () => {
  const value = encodeOrderValue([ref(0, 7)], digestOf);
  const again = Value.of(value.bytes.slice(), digestOf);
  expect(judgeOrder(again, [header(0, 7)], limits)).toBe(Verdict.Accept);
});

test.each([
  ["missing", []],
  ["of another D-instance", [header(1, 7)]],
  ["of another slot", [header(0, 8)]],
  ["more than there are references", [header(0, 7), header(0, 8)]],
])("evidence that is %s is a fault", (_says, evidence) => {
  expect(judge([ref(0, 7)], evidence)).toBe(Verdict.Fault);
});

test("a header of a slot on probation is a fault, its commit certificate is not", () => {
  expect(judge([ref(0, 7)], [header(0, 7, 7)])).toBe(Verdict.Fault);
  expect(judge([ref(0, 8)], [header(0, 8, 7)])).toBe(Verdict.Accept);
  expect(judge([ref(0, 7)], [committed(0, 7, 7)])).toBe(Verdict.Accept);
});

test.each<[string, Entry[]]>([
  ["more entries than B_O", [0, 1, 2].flatMap((instance) => [1, 2, 3].map((seq) => ref(instance, seq)))],
  ["more than b references of one D-instance", [1, 2, 3, 4].map((seq) => ref(1, seq))],
  ["a reference twice", [ref(1, 1), ref(1, 1)]],
  ["an unknown D-instance", [ref(3, 1)]],
  ["slot 0, which there is not", [ref(0, 0)]],
])("static limits: %s is a fault", (_says, entries) => {
  const evidence = entries.map((entry) => header((entry as Reference).instance, (entry as Reference).seq));
  expect(judge(entries, evidence)).toBe(Verdict.Fault);
});

test("an assignment needs its client's signature and no evidence; two of one client are a fault", () => {
  expect(judge([assign("a", true), ref(0, 1), assign("b", true)], [header(0, 1)])).toBe(Verdict.Accept);
  expect(judge([assign("a", false)], [])).toBe(Verdict.Fault);
  expect(judge([assign("a", null)], [])).toBe(Verdict.Fault);
  expect(judge([assign("a", true), assign("a", true)], [])).toBe(Verdict.Fault);
});

test("bytes that are no list are a fault, the empty list is none", () => {
  expect(judgeOrder(Value.of(Uint8Array.of(1, 2, 3), digestOf), [], limits)).toBe(Verdict.Fault);
  expect(judge([], [])).toBe(Verdict.Accept);
});

test("H28: there is no quota here: what the O-primary knows to be disseminated need not be", () => {
  const entries = [1, 2, 3].map((seq) => ref(1, seq));
  expect(judge(entries, [committed(1, 1), committed(1, 2), committed(1, 3)])).toBe(Verdict.Accept);
  expect(judge(entries, [header(1, 1), header(1, 2), header(1, 3)])).toBe(Verdict.Accept);
});

test("H29: evidence that a relay has damaged is replaced by what the backup holds itself, and by nothing else", () => {
  const value = encodeOrderValue([ref(0, 7), ref(2, 3)], digestOf);
  const held = (reference: Reference): boolean => reference.instance === 2;
  expect(judgeOrder(value, [header(0, 7), header(1, 3)], limits, held)).toBe(Verdict.Accept);
  expect(judgeOrder(value, [header(0, 7)], limits, held)).toBe(Verdict.Accept);
  expect(judgeOrder(value, [header(1, 7), committed(2, 3)], limits, held)).toBe(Verdict.Fault);
  expect(judgeOrder(value, [], limits, () => true)).toBe(Verdict.Accept);
});

test("H25: fresh commands in own views of the home alone, the no-op in all", () => {
  expect([0, 5, 10].map((view) => mayDisseminate(view, 5, 3))).toEqual([true, true, true]);
  expect([1, 4, 6].map((view) => mayDisseminate(view, 5, 3))).toEqual([false, false, false]);
  expect([1, 4, 5].map((view) => mayDisseminate(view, 5, 0))).toEqual([true, true, true]);
});
