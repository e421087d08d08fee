import { fileURLToPath } from "node:url";
import { serviceClient } from "@destiny/client/service-client";
import { OutcomeCode } from "@destiny/core/wire/reply";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ledger } from "../examples/ledger/service.ts";
import { TestCluster } from "./support/test-cluster.ts";

let cluster: TestCluster;

beforeAll(async () => {
  const program = fileURLToPath(new URL("../examples/dist/ledger/replica.js", import.meta.url));
  cluster = await TestCluster.start({ replicas: 3, program, checkpointPeriod: 4 });
});
afterAll(() => cluster.close());

test("a command that makes the service throw fails alike everywhere, changes nothing, and is over", async () => {
  const client = await cluster.client();
  const accounts = serviceClient(client, ledger);
  await accounts.command("deposit", { to: "a", amount: 10 });
  for (let i = 0; i < 8; i += 1) {
    // The service credits first and throws then: what it did must be taken back.
    await expect(accounts.command("transfer", { from: "a", to: "b", amount: 11 })).rejects.toMatchObject({
      code: OutcomeCode.ServiceFailed,
    });
    await accounts.command("deposit", { to: "c", amount: 1 });
  }
  expect((await accounts.query("balance", { of: "b" })).value).toBeNull();
  expect((await accounts.query("total")).value).toBe(18);
  const { checkpoint } = await cluster.converged();
  expect(checkpoint.digest).not.toBeNull();
});
