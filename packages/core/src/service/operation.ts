/** The first byte of every operation: what the executor does with the bytes after it. */
export const OperationKind = {
  /** `Service.apply`: may change the state. */
  Command: 0,
  /** `Service.query`, ordered like any command, so that what it reads is linearizable. */
  Query: 1,
} as const;
export type OperationKind = (typeof OperationKind)[keyof typeof OperationKind];

/** The operation that asks for this: its kind and then its body, which only the service understands. */
export function encodeOperation(kind: OperationKind, body: Uint8Array): Uint8Array {
  const operation = new Uint8Array(1 + body.length);
  operation[0] = kind;
  operation.set(body, 1);
  return operation;
}

/** An operation taken apart, its body as a view; null if it is of no kind that there is. */
export function decodeOperation(
  operation: Uint8Array,
): { readonly kind: OperationKind; readonly body: Uint8Array } | null {
  const kind = operation[0];
  if (kind !== OperationKind.Command && kind !== OperationKind.Query) return null;
  return { kind, body: operation.subarray(1) };
}
