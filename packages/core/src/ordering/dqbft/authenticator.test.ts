import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { type AgreementProtocol, GENESIS_MEMBERS } from "../../agreement/agreement.ts";
import { FaultModel } from "../../kernel/fault-model.ts";
import { defaultParameters } from "../../parameters.ts";
import { encodeBatch } from "../../wire/batch.ts";
import { AssignRequest } from "../../wire/messages.ts";
import { Request } from "../../wire/request.ts";
import { type Hash, Value } from "../../wire/value.ts";
import { Body } from "../../wire/view-change.ts";
import { Authenticator } from "./authenticator.ts";
import { encodeOrderValue } from "./order-value.ts";

const N = 3;
const digestOf: Hash = (bytes) => createHash("sha256").update(bytes).digest("binary");
const CLIENT = "c".repeat(32);
const SIGNATURE = new Uint8Array(64);

/** Its own messages need no checks. */
const any: AgreementProtocol = {
  name: "any",
  create: () => {
    throw new Error("the edge runs no instance");
  },
  checks: () => [],
};

const authenticator = new Authenticator(
  { disseminate: any, order: any },
  {
    faults: FaultModel.hybrid(N),
    members: GENESIS_MEMBERS,
    hash: digestOf,
    parameters: defaultParameters(N),
  },
);

/** As it comes off the wire: nobody has looked at a signature in it. */
const received = (value: Value): Body => new Body(Value.of(value.bytes.slice(), digestOf));

test("signatures of clients in a value that comes alone are checked like those in a proposal: it may be executed", () => {
  const fields = { client: CLIENT, timestamp: 1, operations: [Uint8Array.of(0)] };
  const request = Request.create(fields, digestOf, () => SIGNATURE);
  const batch = received(encodeBatch([request], digestOf));
  expect(authenticator.checks(1, batch)).toMatchObject([{ type: "client", client: CLIENT }]);

  const assign = new AssignRequest({ client: CLIENT, coordinator: 1, nonce: 1, signature: SIGNATURE });
  const list = received(encodeOrderValue([{ type: "assign", request: assign }], digestOf));
  expect(authenticator.checks(N, list)).toMatchObject([{ type: "client", client: CLIENT }]);
});
