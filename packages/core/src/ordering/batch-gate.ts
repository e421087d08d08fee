import { type AgreementProtocol, type InstanceAddress, Verdict } from "../agreement/agreement.ts";
import { isWellFormedBatch, requestsOf } from "../wire/batch.ts";
import type { Check } from "../wire/check.ts";
import { addRequestChecks } from "../wire/client-checks.ts";
import { type Message, Proposal } from "../wire/messages.ts";
import type { Hash, Value } from "../wire/value.ts";
import { Body } from "../wire/view-change.ts";

/**
 * Backups refuse a fresh batch that is malformed or has a bad client signature. A batch decided all the same, by a view
 * change, is executed without what is bad in it (dqbft.md 4.4, H8).
 */
export function judgeBatch(value: Value, hash: Hash): Verdict {
  if (!isWellFormedBatch(value, hash)) return Verdict.Fault;
  return requestsOf(value, hash).every((request) => request.valid === true) ? Verdict.Accept : Verdict.Fault;
}

/** What must hold for a message of an instance whose values are batches: its protocol's checks and client signatures. */
export function batchChecks(
  protocol: AgreementProtocol,
  address: InstanceAddress,
  message: Message,
  hash: Hash,
): readonly Check[] | null {
  const checks = protocol.checks(address, message);
  const value = valueIn(message);
  if (checks === null || value === null) return checks;
  if (message instanceof Proposal && message.evidence.length > 0) return null;
  const all = [...checks];
  for (const request of requestsOf(value, hash)) addRequestChecks(request, all);
  return all;
}

/** The value that a message carries, alone or in a proposal: it may come to be executed either way. */
export function valueIn(message: Message): Value | null {
  return message instanceof Proposal || message instanceof Body ? message.value : null;
}
