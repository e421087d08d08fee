// The built-in key-value store from the client library. Usage: client.js CLIENT.JSON
import { readFile } from "node:fs/promises";
import { connect } from "@destiny/client/client";
import { parseClusterDescription } from "@destiny/client/cluster-description";
import { KeyValueClient } from "@destiny/client/key-value-client";
import { replyFromJson, replyToJson, verifyReply } from "@destiny/client/verify-reply";

const [, , path = "cluster/client.json"] = process.argv;
const cluster = parseClusterDescription(JSON.parse(await readFile(path, "utf8")));
const client = await connect({ cluster });
try {
  const store = new KeyValueClient(client);

  await store.put("greeting", "hello");
  const { value, reply } = await store.get("greeting");
  console.log("get greeting:", new TextDecoder().decode(value));

  // A reply is evidence: whoever knows the cluster can check it later, without asking any replica.
  const evidence = JSON.stringify(replyToJson(reply));
  console.log("proof holds:", await verifyReply(replyFromJson(JSON.parse(evidence)), cluster));

  const forged = { ...replyToJson(reply), results: ["00016279650a"] };
  console.log("forgery holds:", await verifyReply(replyFromJson(forged), cluster));

  console.log("delete greeting, which existed:", (await store.delete("greeting")).value);
  console.log("get greeting:", (await store.get("greeting")).value);
} finally {
  await client.close();
}
