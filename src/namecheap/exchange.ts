import type { NamecheapError } from './errors.js';

/** Where and as whom the API is called. `apiKey` is in clear here and lives only in the worker's memory. */
export interface Connection {
  /** The full URL of `xml.response`; https, or http on loopback. */
  endpoint: string;
  apiUser: string;
  userName: string;
  apiKey: string;
  clientIp: string;
}

/** What a command's wrong end would mean: `read` may be repeated, `submit` is free but not idempotent, `charge` costs money. */
export type CommandKind = 'read' | 'submit' | 'charge';

/** One exchange with Namecheap, for the log. Bodies are already masked. */
export interface Exchange {
  command: string;
  userName: string;
  endpoint: string;
  /** Everything that was sent, the API key masked. */
  parameters: Readonly<Record<string, string>>;
  /** HTTP status, or null when no answer came. */
  httpStatus: number | null;
  durationMs: number;
  /** The raw answer, masked; null when none came. */
  answer: string | null;
  /** `OK`, or a short text of what went wrong ("2011301 Type is not valid", "ETIMEDOUT"). */
  outcome: string;
}

/**
 * What the client is handed from outside. Only `admit` may stop a call; what the others throw is ignored, because
 * nothing that happens after an exchange may change what its answer means.
 */
export interface ClientHooks {
  /** Called before every call; throws (a WaitError) when the quota or a pause forbids it: then nothing is sent. */
  admit?(command: string, kind: CommandKind): Promise<void>;
  /** Called after every call, also a failed one. */
  onExchange?(exchange: Exchange): void;
  /** Called and awaited before a failed call throws: the place to close a throttled account. */
  onFailure?(error: NamecheapError): Promise<void>;
  /** Called and awaited before a call that succeeded returns. */
  onSuccess?(): Promise<void>;
}
