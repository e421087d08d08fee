import type { Effect, LogRecord } from "@destiny/core/effects/effects";
import type { Outbox } from "@destiny/core/effects/port";
import type { ReplicaId, SequenceNumber, TimerId } from "@destiny/core/kernel/ids";
import { ROOT } from "@destiny/core/kernel/ids";
import type { Driven } from "@destiny/core/replica/driven";
import type { SlotClaim } from "@destiny/core/wire/claim";
import { expect, test } from "vitest";
import { marked, markedRecord, markOf, ScriptedReplica } from "./scripted-replica.ts";

/** Something that left the driver: for a peer, by its mark, or for a client, by its timestamp. */
export interface Departure {
  readonly to: ReplicaId | "client";
  readonly mark: number;
  /** Pieces of a state that it carries, in hexadecimal. */
  readonly state?: readonly string[];
}

/** A driver of replica 0 of a hybrid cluster of three, as the suite needs it. */
export interface DriverBench {
  /** Starts the driver around what `create` makes. */
  start(create: (outbox: Outbox) => Driven): Promise<void>;
  /** Brings a {@link marked} message of a peer for instance 0. */
  deliver(from: ReplicaId, mark: number): void;
  /** Nothing becomes durable from here on. */
  stallDisk(): void;
  resumeDisk(): void;
  /** Waits until nothing is under way that the disk does not hold up; timers of up to a millisecond have fired. */
  settle(): Promise<void>;
  /** All that has left, in order. Marks are those of {@link markOf}. */
  readonly departures: readonly Departure[];
  /** Stops the replica, and starts another around what is durable. */
  restart(create: (outbox: Outbox) => Driven): Promise<void>;
  close(): Promise<void>;
}

const INSTANCE = 0;
const CLIENT = "c".repeat(32);

const send = (to: ReplicaId, mark: number): Effect => {
  return { type: "send", instance: INSTANCE, to, message: marked(mark) };
};
const broadcast = (mark: number): Effect => ({
  type: "broadcast",
  instance: INSTANCE,
  message: marked(mark),
});
const reply = (mark: number): Effect => {
  const place = { seq: 1, entry: 0, results: [] };
  return { type: "reply", reply: { type: "plain", client: CLIENT, timestamp: mark, ...place } };
};
const record = (seq: SequenceNumber): LogRecord => ({ instance: INSTANCE, seq, message: markedRecord(seq) });
const persist = (seq: SequenceNumber): Effect => ({ type: "persist", record: record(seq) });
const note = (seq: SequenceNumber): Effect => ({ type: "note", record: record(seq) });
const serveState = (seq: SequenceNumber, ticket: number, ...pieces: [number, number, number][]): Effect => {
  const asked = pieces.map(([index, offset, length]) => ({ index, offset, length }));
  return { type: "serve-state", request: { to: 1, seq, ticket, pieces: asked } };
};
const saveCheckpoint = (seq: SequenceNumber, pages: readonly string[], kept: number[]): Effect => {
  const changed = pages.flatMap((hex, index) =>
    hex === "" ? [] : [{ index, bytes: new Uint8Array(Buffer.from(hex, "hex")) }],
  );
  return { type: "save-checkpoint", checkpoint: { seq, pages: changed, pageCount: pages.length, kept } };
};
const setTimer = (timer: TimerId, delay: number): Effect => {
  return { type: "set-timer", instance: INSTANCE, timer, delay };
};
const slot = (seq: SequenceNumber): SlotClaim => {
  return { type: "slot", instance: INSTANCE, value: { view: 0, seq }, message: Uint8Array.of(seq) };
};
const certify = (ticket: number, seq: SequenceNumber): Effect => {
  return { type: "certify", job: { instance: INSTANCE, ticket }, claim: slot(seq) };
};

/** The contract of every driver (architecture 3): whatever drives replicas passes this. */
export function driverSuite(name: string, open: () => Promise<DriverBench>): void {
  const contract = (
    says: string,
    check: (bench: DriverBench, replica: ScriptedReplica) => Promise<void>,
  ): void => {
    test(`${name}: ${says}`, async () => {
      const bench = await open();
      try {
        const { create, current } = factory();
        await bench.start(create);
        await bench.settle();
        await check(bench, current());
        expect(current().nested).toBe(0);
      } finally {
        await bench.close();
      }
    });
  };

  contract("a fresh replica is started, and nothing is restored", async (_bench, replica) => {
    expect(replica.events).toEqual([{ type: "start" }]);
  });

  contract("effects of one step keep their order", async (bench, replica) => {
    replica.onMark(1, [send(1, 10), reply(11), broadcast(12), send(2, 13), reply(14)]);
    bench.deliver(1, 1);
    await bench.settle();
    const to = (party: Departure["to"]): number[] =>
      bench.departures.filter((departure) => departure.to === party).map(({ mark }) => mark);
    expect(to(1)).toEqual([10, 12]);
    expect(to(2)).toEqual([12, 13]);
    expect(to("client")).toEqual([11, 14]);
  });

  contract(
    "nothing sent or replied after a persist leaves before that record is durable",
    async (bench, replica) => {
      replica.onMark(1, [send(1, 10), persist(5), send(1, 11), broadcast(12), reply(13)]);
      bench.stallDisk();
      bench.deliver(1, 1);
      await bench.settle();
      expect(bench.departures).toEqual([{ to: 1, mark: 10 }]);

      bench.resumeDisk();
      await bench.settle();
      expect(bench.departures.filter(({ to }) => to !== 2).map(({ mark }) => mark)).toEqual([10, 11, 12, 13]);
    },
  );

  contract("nor does what a later step asks for", async (bench, replica) => {
    replica.onMark(1, [persist(5)]);
    replica.onMark(2, [send(1, 10), reply(11)]);
    bench.stallDisk();
    bench.deliver(1, 1);
    bench.deliver(2, 2);
    await bench.settle();
    expect(replica.events).toHaveLength(3);
    expect(bench.departures).toEqual([]);

    bench.resumeDisk();
    await bench.settle();
    expect(bench.departures.map(({ mark }) => mark)).toEqual([10, 11]);
  });

  contract("nothing is certified before what was persisted before it is durable", async (bench, replica) => {
    replica.onMark(1, [persist(5), certify(1, 5)]);
    bench.stallDisk();
    bench.deliver(1, 1);
    await bench.settle();
    expect(replica.events.some(({ type }) => type === "complete")).toBe(false);

    bench.resumeDisk();
    await bench.settle();
    const job = { instance: INSTANCE, ticket: 1 };
    expect(replica.events.at(-1)).toEqual({ type: "complete", job, result: "certified" });
  });

  contract("a note holds nothing back", async (bench, replica) => {
    replica.onMark(1, [note(5), send(1, 10), reply(11)]);
    bench.stallDisk();
    bench.deliver(1, 1);
    await bench.settle();
    expect(bench.departures.map(({ mark }) => mark)).toEqual([10, 11]);
    bench.resumeDisk();
  });

  contract("a completion never arrives inside the call that asked for it", async (bench, replica) => {
    const empty = {
      claim: { type: "execution", seq: 1, entry: 0, root: CLIENT },
      shares: [] as never[],
    } as const;
    const share = (signer: ReplicaId): { signer: ReplicaId; share: Uint8Array } => ({
      signer,
      share: new Uint8Array(96),
    });
    const combine: Effect = {
      type: "combine",
      job: { instance: ROOT, ticket: 7 },
      ...empty,
      shares: [share(1), share(2)],
    };
    replica.onMark(1, [certify(1, 1), combine, send(1, 10)]);
    bench.deliver(1, 1);
    await bench.settle();
    expect(replica.nested).toBe(0);
    const kinds = replica.events.map(({ type }) => type);
    expect(kinds).toEqual(["start", "receive", "complete", "complete"]);
  });

  contract("certificates of one counter are asked for, and come, in order", async (bench, replica) => {
    replica.onMark(1, [persist(1), certify(2, 1), persist(2), certify(4, 2)]);
    replica.onMark(2, [persist(3), certify(6, 3)]);
    bench.deliver(1, 1);
    bench.deliver(2, 2);
    await bench.settle();
    const completions = replica.events.filter((event) => event.type === "complete");
    expect(completions.map(({ job, result }) => [job.ticket, result])).toEqual([
      [2, "certified"],
      [4, "certified"],
      [6, "certified"],
    ]);
  });

  contract("a trusted subsystem's refusal is an answer too", async (bench, replica) => {
    replica.onMark(1, [certify(2, 9), certify(4, 3)]);
    bench.deliver(1, 1);
    await bench.settle();
    const job = { instance: INSTANCE, ticket: 4 };
    expect(replica.events.at(-1)).toEqual({ type: "complete", job, result: "refused" });
  });

  contract(
    "a timer fires once, setting it again replaces it, and cancelled it never fires",
    async (bench, replica) => {
      const cancel: Effect = { type: "cancel-timer", instance: INSTANCE, timer: 3 };
      replica.onMark(1, [setTimer(1, 500), setTimer(2, 200), setTimer(2, 600), setTimer(3, 300), cancel]);
      bench.deliver(1, 1);
      await bench.settle();
      const expiries = replica.events.filter((event) => event.type === "expire");
      expect(expiries.map(({ timer }) => timer).sort()).toEqual([1, 2]);
    },
  );

  contract("what a peer sends is seen only if its checks hold", async (bench, replica) => {
    const claim = { type: "execution", seq: 1, entry: 0, root: CLIENT } as const;
    replica.checksOf = (mark) => {
      if (mark === 1) return null;
      return mark === 2 ? [{ type: "certificate", claim, aggregate: new Uint8Array(48) }] : [];
    };
    for (const mark of [1, 2, 3]) bench.deliver(1, mark);
    await bench.settle();
    expect(replica.events.slice(1)).toEqual([{ type: "receive", from: 1, mark: 3 }]);
  });

  contract("messages of one peer arrive in the order in which it sent them", async (bench, replica) => {
    for (let mark = 1; mark <= 20; mark += 1) bench.deliver(1, mark);
    await bench.settle();
    expect(replica.events.slice(1).map((event) => event.type === "receive" && event.mark)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  contract(
    "pieces of a state are sent from the disk, also of an earlier one as long as that is kept",
    async (bench, replica) => {
      replica.onMark(1, [saveCheckpoint(1, ["010203", "04"], []), saveCheckpoint(2, ["0909", ""], [1])]);
      bench.deliver(1, 1);
      await bench.settle();
      replica.onMark(2, [
        serveState(1, 7, [0, 1, 2], [1, 0, 1]),
        serveState(2, 8, [1, 0, 1], [0, 0, 2]),
        serveState(2, 9, [0, 1, 2]), // Longer than that page.
        serveState(2, 10, [2, 0, 0]), // There is no such page.
        serveState(3, 11, [0, 0, 1]),
      ]);
      bench.deliver(1, 2);
      await bench.settle();
      expect(bench.departures).toEqual([
        { to: 1, mark: 7, state: ["0203", "04"] },
        { to: 1, mark: 8, state: ["04", "0909"] },
      ]);
      replica.onMark(3, [saveCheckpoint(4, ["", "05"], [2])]);
      bench.deliver(1, 3);
      await bench.settle();
      replica.onMark(
        4,
        [1, 2, 4].map((seq) => serveState(seq, seq, [0, 0, 1], [1, 0, 1])),
      );
      bench.deliver(1, 4);
      await bench.settle();
      expect(bench.departures.slice(2)).toEqual([
        { to: 1, mark: 2, state: ["09", "04"] },
        { to: 1, mark: 4, state: ["09", "05"] },
      ]);
    },
  );

  contract("a state is not sent before it is durable", async (bench, replica) => {
    bench.stallDisk();
    replica.onMark(1, [saveCheckpoint(1, ["01"], []), persist(1), serveState(1, 7, [0, 0, 1])]);
    bench.deliver(1, 1);
    await bench.settle();
    expect(bench.departures).toEqual([]);
    bench.resumeDisk();
    await bench.settle();
    expect(bench.departures).toEqual([{ to: 1, mark: 7, state: ["01"] }]);
  });

  test(`${name}: a restart brings back the newest checkpoint, then every record, then starts`, async () => {
    const bench = await open();
    try {
      const { create, current } = factory();
      await bench.start(create);
      current().onMark(1, [
        persist(1),
        note(2),
        saveCheckpoint(1, ["01", "01"], []),
        saveCheckpoint(2, ["02", ""], [1]),
        persist(3),
      ]);
      bench.deliver(1, 1);
      await bench.settle();
      await bench.restart(create);
      await bench.settle();

      const { events } = current();
      const pages = [Uint8Array.of(2), Uint8Array.of(1)];
      const [first] = events;
      expect(first?.type === "restore" && first.checkpoint.seq).toBe(2);
      expect(first?.type === "restore" && first.checkpoint.pages.map((bytes) => [...bytes])).toEqual(
        pages.map((bytes) => [...bytes]),
      );
      const recovered = events.filter((event) => event.type === "recover");
      expect(recovered.map((event) => [event.record.seq, markOf(event.record.message)])).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
      ]);
      expect(events.at(-1)).toEqual({ type: "start" });
      expect(events).toHaveLength(5);
    } finally {
      await bench.close();
    }
  });
}

/** Makes scripted replicas, and remembers the last. */
function factory(): { create: (outbox: Outbox) => Driven; current: () => ScriptedReplica } {
  let last: ScriptedReplica | undefined;
  return {
    create: (outbox) => {
      last = new ScriptedReplica(outbox);
      return last;
    },
    current: () => {
      if (last === undefined) throw new Error("the driver has made no replica yet");
      return last;
    },
  };
}
