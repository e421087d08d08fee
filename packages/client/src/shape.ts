/** A JSON value has not the shape that it must have. The message names the place. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** A JSON value of unknown shape, read field by field. Whatever is not as asked throws {@link ShapeError}. */
export class Shape {
  readonly #where: string;
  readonly #fields: ReadonlyMap<string, unknown>;

  /** `where` is how errors name the value. */
  constructor(where: string, json: unknown) {
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw new ShapeError(`${where} must be a JSON object`);
    }
    this.#where = where;
    this.#fields = new Map(Object.entries(json));
  }

  /** A field that is an object in turn. */
  field(name: string): Shape {
    return new Shape(`"${name}" of ${this.#where}`, this.#fields.get(name));
  }

  /** A field that is a list of 1 to `countMax` objects. */
  list(name: string, countMax: number): Shape[] {
    return this.#array(name, 1, countMax).map(
      (item, i) => new Shape(`"${name}[${i}]" of ${this.#where}`, item),
    );
  }

  /** A field that is a list of up to `countMax` byte strings of one length, in hexadecimal. */
  hexes(name: string, length: number, countMax: number): string[] {
    return this.#array(name, 0, countMax).map((item) => {
      if (!isHex(item, length)) this.#fail(name, `a list of ${length} bytes each, in lower-case hexadecimal`);
      return item;
    });
  }

  /** A field that is a list of up to `countMax` byte strings of up to `lengthMax` bytes, in hexadecimal. */
  hexesUpTo(name: string, lengthMax: number, countMax: number): string[] {
    return this.#array(name, 0, countMax).map((item) => {
      if (!isHexUpTo(item, lengthMax))
        this.#fail(name, `a list of up to ${lengthMax} bytes each, in hexadecimal`);
      return item;
    });
  }

  /** A field that is a whole number between two bounds. */
  integer(name: string, min: number, max: number): number {
    const value = this.#fields.get(name);
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      this.#fail(name, min === max ? `${min}` : `a whole number from ${min} to ${max}`);
    }
    return value;
  }

  /** A field that is a string and not empty. */
  text(name: string): string {
    const value = this.#fields.get(name);
    if (typeof value !== "string" || value === "") this.#fail(name, "a string that is not empty");
    return value;
  }

  /** A field that is one of these strings. */
  choice<T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.#fields.get(name);
    const found = allowed.find((each) => each === value);
    if (found === undefined) this.#fail(name, `one of ${allowed.join(", ")}`);
    return found;
  }

  /** A field that is `length` bytes in lower-case hexadecimal. */
  hex(name: string, length: number): string {
    const value = this.#fields.get(name);
    if (!isHex(value, length)) this.#fail(name, `${length} bytes in lower-case hexadecimal`);
    return value;
  }

  /** A field that is at most `lengthMax` bytes in lower-case hexadecimal. */
  hexUpTo(name: string, lengthMax: number): string {
    const value = this.#fields.get(name);
    if (!isHexUpTo(value, lengthMax))
      this.#fail(name, `at most ${lengthMax} bytes in lower-case hexadecimal`);
    return value;
  }

  #array(name: string, countMin: number, countMax: number): unknown[] {
    const value = this.#fields.get(name);
    if (!Array.isArray(value) || value.length < countMin || value.length > countMax) {
      this.#fail(name, `a list of ${countMin} to ${countMax} items`);
    }
    return value;
  }

  #fail(name: string, expected: string): never {
    throw new ShapeError(`"${name}" of ${this.#where} must be ${expected}`);
  }
}

function isHex(value: unknown, length: number): value is string {
  return typeof value === "string" && value.length === length * 2 && /^[0-9a-f]*$/.test(value);
}

function isHexUpTo(value: unknown, lengthMax: number): value is string {
  if (typeof value !== "string" || value.length % 2 !== 0 || value.length > lengthMax * 2) return false;
  return isHex(value, value.length / 2);
}
