const SAMPLE_BYTES = 8;

/**
 * What tells one message from another: two have the same fingerprint if all of their fields say the same. Byte strings are
 * told apart by their length and their ends; what has a digest, by that.
 */
export class Fingerprints {
  readonly #known = new WeakMap<object, string>();

  of(message: object): string {
    const known = this.#known.get(message);
    if (known !== undefined) return known;
    const made = describeFields(message);
    this.#known.set(message, made);
    return made;
  }
}

function describe(field: unknown): string {
  if (field instanceof Uint8Array) return describeBytes(field);
  if (Array.isArray(field)) return `[${field.map(describe).join()}]`;
  if (typeof field !== "object" || field === null) return String(field);
  // A value, a request: the digest covers the rest.
  if ("digest" in field && "bytes" in field) return String(field.digest);
  return describeFields(field);
}

function describeFields(fields: object): string {
  let text = "{";
  for (const [name, field] of Object.entries(fields)) {
    // Noted by receivers: no part of what was said.
    if (name !== "valid") text += `${describe(field)};`;
  }
  return `${text}}`;
}

function describeBytes(bytes: Uint8Array): string {
  const ends = [bytes.subarray(0, SAMPLE_BYTES), bytes.subarray(-SAMPLE_BYTES)];
  return `${bytes.length}:${ends.map((end) => end.join("."))}`;
}
