// A client that calls the ledger by its types. Usage: client.js CLIENT.JSON
import { readFile } from "node:fs/promises";
import { connect } from "@destiny/client/client";
import { parseClusterDescription } from "@destiny/client/cluster-description";
import { OperationFailedError, serviceClient } from "@destiny/client/service-client";
import { ledger } from "./service.ts";

const [, , path = "cluster/client.json"] = process.argv;
const cluster = parseClusterDescription(JSON.parse(await readFile(path, "utf8")));
const client = await connect({ cluster });
try {
  const accounts = serviceClient(client, ledger);

  await accounts.command("deposit", { to: "alice", amount: 100 });
  const { value: left, reply } = await accounts.command("transfer", { from: "alice", to: "bob", amount: 30 });
  console.log("alice has", left, "left; proven:", reply.proof !== null);

  try {
    await accounts.command("transfer", { from: "alice", to: "bob", amount: 1000 });
  } catch (error) {
    if (!(error instanceof OperationFailedError)) throw error;
    console.log(`a transfer of 1000 failed at every replica alike: ${error.message}`);
  }

  console.log("bob has", (await accounts.query("balance", { of: "bob" })).value);
  console.log("carol has", (await accounts.query("balance", { of: "carol" })).value);
  console.log("together", (await accounts.query("total")).value);
} finally {
  await client.close();
}
