import { hash } from "node:crypto";
import { expect, test } from "vitest";
import type { Effect, Watermark } from "../effects/effects.ts";
import { FaultModel } from "../kernel/fault-model.ts";
import { type Digest, ROOT } from "../kernel/ids.ts";
import type { Orderer, OrdererContext, OrderingProtocol, Sequel } from "../ordering/orderer.ts";
import { defaultParameters } from "../parameters.ts";
import type { Service } from "../service/service.ts";
import { CheckpointProof, ExecSig, MessageKind, Pull, Status } from "../wire/messages.ts";
import { RefusalCode, type Reply } from "../wire/reply.ts";
import { Request } from "../wire/request.ts";
import type { Value } from "../wire/value.ts";
import { Replica } from "./replica.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

const N = 3;
const SELF = 1;
const clientOf = (name: string, home = SELF): Digest =>
  `${name.repeat(29)}${String.fromCharCode(0, home)}${name}`;

/** Executes what is submitted at once, and takes a checkpoint at every message of a peer. */
class InstantOrderer implements Orderer {
  readonly soleCoordinator: number | null;
  maySubmit = true;
  readonly idle = true;
  executed = 0;
  instances = 1;
  /** Calls of `stabilise` from within a call of the orderer. */
  nested = 0;
  readonly stabilised: number[] = [];
  readonly #sequel: Sequel;
  #busy = false;

  constructor({ sequel }: OrdererContext, soleCoordinator: number | null) {
    this.#sequel = sequel;
    this.soleCoordinator = soleCoordinator;
  }

  submit(value: Value): void {
    this.executed += 1;
    this.#sequel.execute({ seq: this.executed, entry: 0, coordinator: SELF, value });
  }

  receive(): boolean {
    this.#busy = true;
    this.#sequel.checkpoint(this.executed);
    this.#busy = false;
    return true;
  }

  stabilise(part: Uint8Array): readonly Watermark[] {
    if (this.#busy) this.nested += 1;
    const seq = part[0] ?? 0;
    this.stabilised.push(seq);
    return [{ instance: 0, seq }];
  }

  jump(): readonly Watermark[] {
    return [];
  }

  snapshot(): Uint8Array {
    return Uint8Array.of(this.executed);
  }

  checks(): null {
    return null;
  }

  decided(): number[] {
    return new Array<number>(this.instances).fill(0);
  }

  status(): [] {
    return [];
  }

  views(): [] {
    return [];
  }

  readonly away = [];
  expect(): void {}
  served(): void {}
  reassign(): void {}
  expire(): void {}
  complete(): boolean {
    return true;
  }
  pursue(): void {}
  restore(): void {}
  recover(): void {}
  resume(): void {}
}

/** A replica with nothing real around it. */
class Stage {
  readonly effects: Effect[] = [];
  readonly replica: Replica;
  orderer!: InstantOrderer;

  constructor(options: { soleCoordinator?: number; clientsMax?: number; pipeline?: number } = {}) {
    const { soleCoordinator = null, clientsMax = 10, pipeline = 4 } = options;
    const ordering: OrderingProtocol = {
      name: "instant",
      create: (context) => {
        this.orderer = new InstantOrderer(context, soleCoordinator);
        return this.orderer;
      },
    };
    const state = { pageCount: 0, takeDirty: () => [], page: () => new Uint8Array(0), load: () => {} };
    const service: Service = { state, apply: (operation) => operation, query: (question) => question };
    this.replica = new Replica({
      replies: "proven",
      self: SELF,
      faults: FaultModel.hybrid(N),
      ordering,
      parameters: defaultParameters(N, { pipeline }),
      admission: { type: "anyone", clientsMax },
      service,
      hash: digestOf,
      outbox: { push: (effect) => void this.effects.push(effect) },
    });
  }

  submit(client: Digest, timestamp: number, text = "a", valid = true): Reply | undefined {
    const operations = [Uint8Array.of(0, text.charCodeAt(0))];
    const request = Request.create({ client, timestamp, operations }, digestOf, () => new Uint8Array(64));
    request.valid = valid;
    this.effects.length = 0;
    this.replica.submit(request);
    const reply = this.effects.find((effect) => effect.type === "reply");
    return reply?.type === "reply" ? reply.reply : undefined;
  }
}

const code = (reply: Reply | undefined): RefusalCode | undefined =>
  reply?.type === "refusal" ? reply.code : undefined;

test("a request of one of our clients executes; asked again, it is answered from the table as our word", () => {
  const stage = new Stage();
  const client = clientOf("a");
  expect(stage.submit(client, 1)).toBeUndefined();
  expect(stage.replica.status()).toMatchObject({ executed: 1, commands: 1, clients: 1 });
  expect(stage.submit(client, 1)).toMatchObject({ type: "plain", timestamp: 1, seq: 1, entry: 0 });
  expect(stage.replica.status().commands).toBe(1);
});

test("a client that had large results ordered together gets them all, though fewer are kept to be asked for", () => {
  const stage = new Stage({ pipeline: 8 });
  const client = clientOf("a");
  const results = 6;
  const replies: Reply[] = [];
  for (let timestamp = 1; timestamp <= results; timestamp += 1) {
    const operations = [new Uint8Array(250_000)];
    const request = Request.create({ client, timestamp, operations }, digestOf, () => new Uint8Array(64));
    request.valid = true;
    stage.replica.submit(request);
  }
  for (let round = 0; round < 2; round += 1) {
    for (const effect of stage.effects.splice(0)) {
      if (effect.type === "certify" && effect.claim.type === "execution") {
        const share = Uint8Array.of(1);
        stage.replica.complete(effect.job, { type: "certified", share, certificate: new Uint8Array(0) });
        stage.replica.receive(0, ROOT, new ExecSig({ ...effect.claim, share }));
      }
      if (effect.type !== "combine") continue;
      stage.replica.complete(effect.job, { type: "combined", aggregate: Uint8Array.of(2), culprits: [] });
    }
  }
  for (const effect of stage.effects) if (effect.type === "reply") replies.push(effect.reply);
  expect(replies.map(({ type, timestamp }) => [type, timestamp])).toEqual(
    Array.from({ length: results }, (_, i) => ["proven", i + 1]),
  );
});

test("requests are refused for a reason", () => {
  const stage = new Stage({ clientsMax: 1 });
  const client = clientOf("a");
  expect(code(stage.submit(client, 5, "a", false))).toBe(RefusalCode.BadSignature);
  for (const timestamp of [5, 6, 7, 9, 11]) stage.submit(client, timestamp);
  expect(code(stage.submit(client, 9, "b"))).toBe(RefusalCode.TimestampUsed);
  expect(code(stage.submit(client, 8))).toBe(RefusalCode.Superseded); // It certainly never executed.
  expect(code(stage.submit(client, 5))).toBe(RefusalCode.TimestampUsed); // Executed, and its reply is forgotten.
  expect(code(stage.submit(clientOf("b"), 1))).toBe(RefusalCode.TooManyClients);
});

test("a client that has too much waiting must wait; the same request again is no more", () => {
  const stage = new Stage({ pipeline: 2 });
  stage.orderer.maySubmit = false;
  const client = clientOf("a");
  expect(stage.submit(client, 1)).toBeUndefined();
  expect(stage.submit(client, 2)).toBeUndefined();
  expect(stage.submit(client, 2)).toBeUndefined();
  expect(code(stage.submit(client, 3))).toBe(RefusalCode.Busy);
});

test("a client of another replica is told whose", () => {
  const stage = new Stage();
  expect(stage.submit(clientOf("a", 2), 1)).toMatchObject({
    code: RefusalCode.NotCoordinator,
    coordinator: 2,
  });
  expect(stage.replica.status().executed).toBe(0);
  expect(stage.replica.coordinatorOf(clientOf("a", 2))).toBe(2);
});

test("where one replica coordinates all clients, everybody else says so", () => {
  const other = new Stage({ soleCoordinator: 2 });
  expect(other.submit(clientOf("a"), 1)).toMatchObject({ code: RefusalCode.NotCoordinator, coordinator: 2 });
  const sole = new Stage({ soleCoordinator: SELF });
  expect(sole.submit(clientOf("a", 0), 1)).toBeUndefined();
  expect(sole.replica.status().executed).toBe(1);
});

test("a checkpoint proven before it is taken is stable once the orderer is done with it, never inside", () => {
  const run = (root: Digest | null): Stage => {
    const stage = new Stage();
    stage.submit(clientOf("a"), 1);
    if (root !== null) {
      stage.replica.receive(0, ROOT, new CheckpointProof({ seq: 1, root, aggregate: new Uint8Array(48) }));
    }
    stage.effects.length = 0;
    stage.replica.receive(0, 0, new Pull(1, 1, false)); // Any message of an instance.
    return stage;
  };
  const { root } = run(null).replica.status().checkpoint;
  const stage = run(root);
  expect(stage.orderer.stabilised).toEqual([1]);
  expect(stage.orderer.nested).toBe(0);
  const kinds = stage.effects
    .map(({ type }) => type)
    .filter((type) => type === "save-checkpoint" || type === "retire");
  expect(kinds).toEqual(["save-checkpoint", "retire"]);
  expect(stage.replica.status().stable).toBe(1);
});

test("a peer may not ask for more between two statuses than answering it is worth", () => {
  const stage = new Stage();
  for (let i = 0; i < 300; i += 1) stage.replica.receive(2, 0, new Pull(1, 1, true));
  const reports = stage.effects.filter(({ type }) => type === "report");
  expect(reports).toHaveLength(300 - 256);
  stage.effects.length = 0;
  stage.replica.announce(); // Because a link came up: that of the same peer, again and again.
  stage.replica.receive(2, 0, new Pull(1, 1, true));
  stage.replica.expire(ROOT, 1);
  stage.replica.receive(2, 0, new Pull(1, 1, true));
  expect(stage.effects.filter(({ type }) => type === "report")).toHaveLength(1);
});

test("a peer that is behind in many instances may ask for more", () => {
  const stage = new Stage();
  stage.orderer.instances = 61;
  for (let i = 0; i < 2_000; i += 1) stage.replica.receive(2, 0, new Pull(1, 1, true));
  expect(stage.effects.filter(({ type }) => type === "report")).toHaveLength(2_000 - 61 * 32);
});

test("starting says how far we are, and goes on saying so", () => {
  const stage = new Stage();
  stage.replica.start();
  stage.replica.expire(ROOT, 1);
  const statuses = stage.effects.filter(
    (effect) => effect.type === "broadcast" && effect.message.kind === MessageKind.Status,
  );
  expect(statuses).toHaveLength(2);
  expect(stage.effects.filter(({ type }) => type === "set-timer")).toHaveLength(2);
});

test("a peer that lags behind our stable checkpoint is sent its anchor", () => {
  const stage = new Stage();
  stage.submit(clientOf("a"), 1);
  stage.replica.receive(0, 0, new Pull(1, 1, false)); // Any message of an instance.
  const { root } = stage.replica.status().checkpoint;
  const proof = new CheckpointProof({ seq: 1, root: root ?? "", aggregate: new Uint8Array(48) });
  stage.replica.receive(0, ROOT, proof);
  stage.effects.length = 0;
  for (const stable of [0, 1])
    stage.replica.receive(2, ROOT, new Status({ executed: 9, stable, decided: [], views: [] }));
  const [sent, ...more] = stage.effects.filter((effect) => effect.type === "send");
  expect(more).toEqual([]);
  expect(sent?.to).toBe(2);
  expect(sent?.message).toMatchObject({ kind: MessageKind.Anchor, proof, part: Uint8Array.of(1) });
  expect(stage.replica.status().lag).toBe(8);
});
