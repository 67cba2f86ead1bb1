/** Something to be done at a time, ms since the epoch. */
export interface Entry<T> {
  at: number;
  item: T;
}

/** What is to be done when, the earliest first; entries of one time in the order they came. Looking costs what is due. */
export class Agenda<T> {
  #entries: Entry<T>[] = [];

  add(entry: Entry<T>): void {
    this.#entries.splice(this.#count(entry.at), 0, entry);
  }

  /** Takes everything due by then off the agenda. */
  takeUntil(now: number): Entry<T>[] {
    return this.#entries.splice(0, this.#count(now));
  }

  /** How many entries are due by then. */
  #count(time: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.at ?? Infinity) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
