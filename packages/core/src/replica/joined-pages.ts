import type { PagedState } from "../service/service.ts";

/** Two states as one run of pages; the first has a fixed number of them. */
export class JoinedPages implements PagedState {
  readonly #first: PagedState;
  readonly #second: PagedState;

  constructor(first: PagedState, second: PagedState) {
    this.#first = first;
    this.#second = second;
  }

  get pageCount(): number {
    return this.#first.pageCount + this.#second.pageCount;
  }

  takeDirty(): readonly number[] {
    const { pageCount } = this.#first;
    return [...this.#first.takeDirty(), ...this.#second.takeDirty().map((index) => pageCount + index)];
  }

  page(index: number): Uint8Array {
    const { pageCount } = this.#first;
    return index < pageCount ? this.#first.page(index) : this.#second.page(index - pageCount);
  }

  load(pages: readonly Uint8Array[]): void {
    const { pageCount } = this.#first;
    this.#first.load(pages.slice(0, pageCount));
    this.#second.load(pages.slice(pageCount));
  }
}
