/** How the delivery of an outbox's first event has failed so far. Times in ms. */
export interface Failures {
  /** The event's position in the stream: what was counted for another event does not count for this one. */
  position: string;
  count: number;
  firstAt: number;
  /** Since when the receiver has answered with nothing but refusals; null when the last failure was none. */
  refusedSince: number | null;
  /** Of the last failure, for people. */
  reason: string;
}
