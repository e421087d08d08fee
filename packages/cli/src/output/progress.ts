/** How far long work is: one line that changes on a terminal, a line per stage elsewhere, always on standard error. */
export class Progress {
  readonly #live: boolean;
  #shown = "";

  constructor(live: boolean = process.stderr.isTTY === true) {
    this.#live = live;
  }

  /** A new stage. */
  stage(text: string): void {
    if (this.#live) this.#show(text);
    else process.stderr.write(`${text}\n`);
  }

  /** How far the stage is. Nothing where there is no terminal. */
  update(text: string): void {
    if (this.#live) this.#show(text);
  }

  /** A line that stays. */
  line(text: string): void {
    this.clear();
    process.stderr.write(`${text}\n`);
  }

  /** Takes the changing line away. */
  clear(): void {
    if (this.#live && this.#shown !== "") process.stderr.write("\r\u001b[K");
    this.#shown = "";
  }

  #show(text: string): void {
    const line = text.slice(0, (process.stderr.columns || 80) - 1);
    if (line === this.#shown) return;
    process.stderr.write(`\r\u001b[K${line}`);
    this.#shown = line;
  }
}
