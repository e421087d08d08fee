import type { Effect } from "@destiny/core/effects/effects";
import type { Claim } from "@destiny/core/wire/claim";
import { MessageKind, Vote } from "@destiny/core/wire/messages";
import { beforeEach, expect, test } from "vitest";
import { Counters } from "./counters.ts";
import { Durability } from "./durability.ts";
import { Memory } from "./memory.ts";
import { digest, parcel, signed, slot, trippedBy } from "./test-bed.ts";
import { Views } from "./views.ts";

const A = digest("a");
const B = digest("b");
const NONE: ReadonlySet<number> = new Set();

const departure = (view: number): Claim => ({
  type: "succession",
  instance: 1,
  value: { view, seq: 0 },
  old: null,
  message: Uint8Array.of(view),
});

test("S9: a counter that certifies two messages at one value, or goes back, is told of, whoever owns it", () => {
  const oracle = new Counters({ faulty: new Set([0]), durable: () => [] });
  oracle.signed(signed(0, slot(1, 0, 5, A)));
  expect(trippedBy(() => oracle.signed(signed(0, slot(1, 0, 5, A))))).toBeNull();
  expect(trippedBy(() => oracle.signed(signed(0, slot(2, 0, 5, B))))).toBeNull();
  expect(trippedBy(() => oracle.signed(signed(0, slot(1, 0, 5, B))))).toBe("S9 trusted counter");
  expect(trippedBy(() => oracle.signed(signed(0, slot(1, 0, 4, A))))).toBe("S9 trusted counter");
});

test("S9: a continuing certificate names the value before it", () => {
  const oracle = new Counters({ faulty: NONE, durable: () => [] });
  oracle.signed(signed(0, slot(1, 0, 5, A)));
  expect(trippedBy(() => oracle.signed(signed(0, departure(1), { view: 0, seq: 5 })))).toBeNull();
  expect(trippedBy(() => oracle.signed(signed(0, departure(2), { view: 0, seq: 5 })))).toBe(
    "S9 trusted counter",
  );
});

test("S9: a slot is certified only when its proposal is durable, or a checkpoint covers it", () => {
  const certify: Effect = { type: "certify", job: { instance: 1, ticket: 1 }, claim: slot(1, 0, 5, A) };
  const opened = (durable: readonly string[] | null): Counters =>
    new Counters({ faulty: NONE, durable: () => durable });
  expect(trippedBy(() => opened([]).left(0, certify))).toBe("S9 trusted counter");
  expect(trippedBy(() => opened([B]).left(0, certify))).toBe("S9 trusted counter");
  expect(trippedBy(() => opened([A]).left(0, certify))).toBeNull();
  expect(trippedBy(() => opened(null).left(0, certify))).toBeNull();
});

test("S9: nothing that follows a persist leaves before it is durable", () => {
  const disk = { position: 0, durablePosition: 0, barrier: () => disk.position };
  const oracle = new Durability(() => disk);
  const vote = new Vote({
    kind: MessageKind.CommitSig,
    view: 0,
    seq: 1,
    digest: A,
    share: new Uint8Array(0),
  });
  const send = (): Effect => ({ type: "send", instance: 1, to: 1, message: vote });
  const [before, after] = [send(), send()];
  oracle.asked(0, before);
  oracle.asked(0, { type: "persist", record: { instance: 1, seq: 1, message: vote } });
  disk.position = 1;
  oracle.asked(0, after);
  expect(trippedBy(() => oracle.left(0, before))).toBeNull();
  expect(trippedBy(() => oracle.left(0, after))).toBe("S9 trusted counter");
  disk.durablePosition = 1;
  expect(trippedBy(() => oracle.left(0, after))).toBeNull();
});

let position: { executed: number; instances: { instance: number; view: number; low: number }[] };
let views: Views;

beforeEach(() => {
  position = { executed: 5, instances: [{ instance: 0, view: 2, low: 3 }] };
  views = new Views({ n: 4, faulty: new Set([3]), position: () => position });
  views.started(0);
  views.stepped(0);
});

test.each([
  ["view", { executed: 5, instances: [{ instance: 0, view: 1, low: 3 }] }],
  ["watermark", { executed: 5, instances: [{ instance: 0, view: 2, low: 2 }] }],
  ["execution", { executed: 4, instances: [{ instance: 0, view: 2, low: 3 }] }],
])("S7: a %s that goes back is told of", (_what, next) => {
  position = next;
  expect(trippedBy(() => views.stepped(0))).toBe("S7 view monotonicity");
});

test("S7: a replica starts again where its log takes it, but not before the view that it told others it left for", () => {
  views.sent(parcel(0, 0, { kind: MessageKind.ViewChange, sender: 0, to: 4 }));
  views.started(0);
  position = { executed: 0, instances: [{ instance: 0, view: 4, low: 0 }] };
  expect(trippedBy(() => views.stepped(0))).toBeNull();
  views.started(0);
  position = { executed: 0, instances: [{ instance: 0, view: 3, low: 0 }] };
  expect(trippedBy(() => views.stepped(0))).toBe("S7 view monotonicity");
});

test("S7: who has left a view gives no new vote in it, and may repeat an old one", () => {
  const vote = (seq: number): Vote =>
    new Vote({ kind: MessageKind.PbftCommit, view: 2, seq, digest: A, share: new Uint8Array(0) });
  views.sent(parcel(0, 0, vote(7)));
  views.sent(parcel(0, 0, { kind: MessageKind.PbftViewChange, sender: 0, view: 3 }));
  expect(trippedBy(() => views.sent(parcel(0, 0, vote(7))))).toBeNull();
  expect(trippedBy(() => views.sent(parcel(0, 0, vote(8))))).toBe("S7 view monotonicity");
});

test("S14: what grows beyond what is declared is told of", () => {
  const parameters = { intakeBytesMax: 10, clientsMax: 2, orderWindow: 4, disseminationWindow: 4 };
  const instances = [{ instance: 0, low: 1, decided: 5 }];
  const fine = { queuedBytes: 10, clients: 2, timers: 4, instances, records: [20] };
  const tripped = (holdings: typeof fine): string | null =>
    trippedBy(() => {
      const oracle = new Memory({ n: 3, faulty: NONE, parameters, holdings: () => holdings });
      for (let event = 0; event < 100; event += 1) oracle.stepped(0);
    });
  expect(tripped(fine)).toBeNull();
  expect(tripped({ ...fine, queuedBytes: 11 })).toBe("S14 bounded memory");
  expect(tripped({ ...fine, clients: 3 })).toBe("S14 bounded memory");
  expect(tripped({ ...fine, timers: 1_000 })).toBe("S14 bounded memory");
  expect(tripped({ ...fine, instances: [{ instance: 0, low: 1, decided: 6 }] })).toBe("S14 bounded memory");
  expect(tripped({ ...fine, records: [100] })).toBe("S14 bounded memory");
  const oracle = new Memory({ n: 3, faulty: NONE, parameters, holdings: () => fine });
  const job = { instance: 0, ticket: 1 };
  const certify: Effect = { type: "certify", job, claim: slot(0, 0, 1, A) };
  const busy = (jobs: number): string | null =>
    trippedBy(() => {
      for (let i = 0; i < jobs; i += 1) oracle.asked(0, certify);
      for (let event = 0; event < 100; event += 1) oracle.stepped(0);
    });
  expect(busy(90)).toBeNull();
  for (let i = 0; i < 90; i += 1) oracle.stepping(0, { type: "job", job });
  expect(busy(90)).toBeNull();
  expect(busy(90)).toBe("S14 bounded memory");
});
