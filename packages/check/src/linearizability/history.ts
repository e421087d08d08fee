/** One operation of one client on one key of a key-value service, as the client saw it. */
export interface Operation {
  /** Who asked: for people. */
  readonly client: string;
  readonly key: string;
  readonly action: Action;
  /** When it was asked for, on the one clock of the history. */
  readonly invoked: number;
  /** When it was answered; null if it never was: then it may have taken effect at any time since, or never. */
  readonly returned: number | null;
  /** What was answered; null if nothing was. */
  readonly outcome: Outcome | null;
}

export type Action =
  | { readonly type: "put"; readonly value: string }
  | { readonly type: "get" }
  | { readonly type: "delete" };

/** A put or a delete says whether the key had a value before; a get says which. */
export type Outcome =
  | { readonly type: "changed"; readonly existed: boolean }
  | { readonly type: "found"; readonly value: string | null };

/** What an action makes of a key's value, and whether that is what was answered. */
export function step(
  value: string | null,
  { action, outcome }: Pick<Operation, "action" | "outcome">,
): { readonly value: string | null; readonly fits: boolean } {
  const after = action.type === "put" ? action.value : action.type === "delete" ? null : value;
  if (outcome === null) return { value: after, fits: true };
  const fits = outcome.type === "found" ? outcome.value === value : outcome.existed === (value !== null);
  return { value: after, fits: fits && (action.type === "get") === (outcome.type === "found") };
}

/** An operation in one line. */
export function describeOperation({ client, key, action, invoked, returned, outcome }: Operation): string {
  const what = action.type === "put" ? `put ${key} ${action.value}` : `${action.type} ${key}`;
  const answer =
    outcome === null
      ? "never answered"
      : outcome.type === "found"
        ? `found ${outcome.value ?? "nothing"}`
        : `${outcome.existed ? "a value" : "no value"} before`;
  return `[${invoked}, ${returned ?? "..."}] client ${client}: ${what}: ${answer}`;
}
