/** mgr5 log levels as in `debug.conf`: 1 notes, 2 critical, 3 errors, 4 warnings, 5 requests, 6 extended, 7 remote, 8 trace, 9 debug. */
export type Level = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** What the rest of the code logs through. `component` names the part (`namecheap`, `order`, `collect`, `worker`…). */
export interface Logger {
  log(level: Level, component: string, text: string): void;
  /** True when a line of this level would be written: spares the cost of composing it. */
  isEnabled(level: Level, component: string): boolean;
}
