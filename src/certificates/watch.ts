/** Forgotten after this long, ms: by then it was concluded, by whomever. */
const FORGOTTEN_MS = 7 * 86_400_000;

/**
 * How long this process has had each unanswered purchase before its eyes, by a clock that nobody can set. One step ahead
 * of a host's clock takes Redis's and the workers' along: both would agree at once that the settle time has passed, while the
 * call is still under way.
 */
export class PurchaseWatch {
  readonly #since = new Map<string, number>();

  /** @param monotonic now, ms. @returns for how long it has been known here, ms: 0 the first time. */
  see(purchaseId: string, monotonic: number): number {
    const since = this.#since.get(purchaseId);
    if (since !== undefined) return monotonic - since;
    for (const [id, seen] of this.#since) if (monotonic - seen > FORGOTTEN_MS) this.#since.delete(id);
    this.#since.set(purchaseId, monotonic);
    return 0;
  }
}
