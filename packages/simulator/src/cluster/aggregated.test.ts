import { findProtocol } from "@destiny/core/catalogue";
import { type Micros, type ReplicaId, ROOT } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { defaultParameters } from "@destiny/core/parameters";
import { Replica, STATUS_TIMER } from "@destiny/core/replica/replica";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import type { Service } from "@destiny/core/service/service";
import { Request } from "@destiny/core/wire/request";
import { expect, test } from "vitest";
import { Links } from "../network/links.ts";
import { openWan } from "../network/wan.ts";
import { CrashTrust } from "../trust/crash-trust.ts";
import { fastDigest } from "../trust/fast-digest.ts";
import { World } from "./world.ts";

const SECOND = 1_000_000;
const NOTHING = new Uint8Array(0);
const SIGNATURE = new Uint8Array(64);
const SIZES = { share: 48, aggregate: 48, resultShare: 48, resultAggregate: 48, certificate: 64 };

/** What one replica executed, in order: which command, and when. */
type Executed = [number, Micros][];

/** Commands come to all replicas in turn; some crash in the middle. */
function play(name: string, n: number, aggregated: boolean): { log: Executed[]; delivered: number } {
  const protocol = present(findProtocol(name), "a protocol of the catalogue");
  const faults = protocol.faults(n);
  const parameters = defaultParameters(n, { pullDelay: 2 * SECOND, suspicionDelay: 10 * SECOND });
  const log: Executed[] = Array.from({ length: n }, () => []);
  const world: World = new World({
    ...{ faults, seed: 1, instances: n + 1, durable: false, aggregated },
    trust: new CrashTrust(faults, SIZES),
    delays: { certifyMicros: 0, combineMicros: 0 },
    sizes: { message: () => 250, clientMessage: () => 0, reply: () => 0 },
    links: (random) =>
      new Links({ n, wan: openWan("azure"), random, rates: true, jitter: null, loss: 0, traffic: null }),
    isBackground: ({ instance, timer }) => instance === ROOT && timer === STATUS_TIMER,
    create: (self, outbox) => {
      const service = serviceOf((command) => log[self]?.push([command, world.engine.now]));
      const common = { self, faults, parameters, service, outbox, hash: fastDigest };
      const admission = { type: "anyone", clientsMax: 1_000 } as const;
      return new Replica({ ...common, admission, ordering: protocol.ordering, replies: protocol.replies });
    },
  });
  world.start();
  for (let command = 0; command < 60; command += 1) {
    world.run(20_000);
    if (command === 30) for (let gone = 0; gone < faults.f; gone += 1) world.host(n - 1 - gone).crash();
    submit(world, command % (n - faults.f), command);
  }
  world.run(3 * SECOND);
  return { log, delivered: world.engine.happened };
}

function submit(world: World, home: ReplicaId, command: number): void {
  const operations = [encodeOperation(OperationKind.Command, Uint8Array.of(command))];
  const fields = { client: world.trust.clientKey(home), timestamp: command + 1, operations };
  const request = Request.create(fields, fastDigest, () => SIGNATURE);
  request.valid = true;
  world.host(home).act((driven) => driven.submit(request));
}

function serviceOf(execute: (command: number) => void): Service {
  return {
    apply: (operation) => {
      execute(operation[0] ?? 0);
      return NOTHING;
    },
    query: () => NOTHING,
    state: { pageCount: 0, takeDirty: () => [], page: () => NOTHING, load: () => undefined },
  };
}

test.each(["dqpbft", "dqhybster"])(
  "%s of 49: votes counted for their receivers lead to the same commits, at the same microsecond",
  (name) => {
    const [exact, aggregated] = [play(name, 49, false), play(name, 49, true)];
    expect(exact.log[0]?.length).toBe(60);
    expect(aggregated.log).toEqual(exact.log);
  },
);
