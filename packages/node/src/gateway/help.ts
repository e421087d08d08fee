/** What `GET /` says. */
export const HELP = `Destiny: a replicated key-value store. This is one replica's gateway; all replicas give the same answers.

  PUT    /kv/KEY   sets the value to the body, any bytes up to 262080     201 new, 204 replaced
  GET    /kv/KEY   the value, as of all commands answered before          200, or 404 if there is none
  DELETE /kv/KEY   removes it                                             204, or 404 if there was none
  GET    /status   how this replica is, as JSON
  GET    /metrics  for Prometheus

KEY is percent-encoded UTF-8 of up to 1024 bytes; it may contain slashes. Answers carry Destiny-Seq, the command's
place in the order that all replicas share. An error is JSON: {"error":{"code":"...","message":"..."}}.
504 with the code "unknown-outcome" means that the command may have executed: look before you repeat it.

  curl -X PUT --data-binary hello http://ADDRESS/kv/greeting
  curl http://ADDRESS/kv/greeting

The gateway verifies every answer, but you trust this one replica to pass it on. Use the client library to verify
answers yourself. It asks nobody who they are: whoever reaches this port may read and write.
`;
