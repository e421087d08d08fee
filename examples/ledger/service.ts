// What is replicated: accounts, and transfers between them. State, arguments and results are plain data.
import { defineService } from "@destiny/core/service/define-service";

export const ledger = defineService({
  name: "ledger",
  initial: () => ({ balances: {} as Record<string, number> }),
  commands: {
    deposit({ balances }, { to, amount }: { to: string; amount: number }) {
      return credit(balances, to, amount);
    },
    /** The balance that is left to the sender; the whole transfer happens or, if this throws, nothing of it. */
    transfer({ balances }, { from, to, amount }: { from: string; to: string; amount: number }) {
      credit(balances, to, amount);
      return credit(balances, from, -amount);
    },
  },
  queries: {
    balance: ({ balances }, { of }: { of: string }) => balances[of],
    total: ({ balances }) => Object.values(balances).reduce((sum, balance) => sum + balance, 0),
  },
});

function credit(balances: Record<string, number>, account: string, amount: number): number {
  // The types bind honest clients only: what the service relies on, it checks.
  if (typeof account !== "string" || !Number.isSafeInteger(amount)) throw new TypeError("not an amount");
  const balance = (balances[account] ?? 0) + amount;
  if (balance < 0) throw new RangeError(`${account} has too little`);
  balances[account] = balance;
  return balance;
}
