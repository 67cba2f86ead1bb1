/** The first word of our lines in a `debug.conf` that other programs may share, and the name of our log. */
const LOG_NAME = 'pmnamecheap';

/** Requests to Namecheap, one line each, and everything graver. */
const DEFAULT_LEVEL = 5;

/** mgr5's own default, bytes. */
const DEFAULT_MAX_LOG_SIZE = 100 * 1024 * 1024;

/** Smaller files would rotate at every few lines, bytes. */
const SMALLEST_MAX_LOG_SIZE = 4_096;

const LONGEST_SHOWN = 60;

/** What a `debug.conf` says about our log. */
export interface DebugConf {
  /** 0 (nothing) to 9 (everything): lines of this level and below are written. */
  levelOf: (component: string) => number;
  /** At which size the log is moved away, bytes. */
  maxLogSize: number;
  /** The lines that were ignored because they make no sense, each with its number. */
  faults: string[];
}

interface Rule {
  component: string;
  level: number;
}

/** A line's meaning for us; `null` when it is for others, a text when it is wrong. */
type Meaning = Rule | { maxLogSize: number } | string | null;

function isOurs(log: string): boolean {
  return log === LOG_NAME || log === '*';
}

function readSetting(line: string): Meaning {
  const [, log, name, value] = /^SET\s+(?:([^\s=.]+)\.)?([^\s=.]+)\s*=\s*(\S*)$/.exec(line) ?? [];
  if (name === undefined) return 'is not like "SET max_log_size=104857600"';
  // colors and the kind of storage are for mgr5's own programs: this log is a file without colors
  if (name !== 'max_log_size' || !isOurs(log ?? '*')) return null;
  const size = /^\d+$/.test(value ?? '') ? Number(value) : Number.NaN;
  return size >= SMALLEST_MAX_LOG_SIZE
    ? { maxLogSize: size }
    : `needs ${SMALLEST_MAX_LOG_SIZE} bytes or more`;
}

function readRule(line: string): Meaning {
  const [, log, component, level, conditions] = /^([^\s.]+)(?:\.(\S+))?\s+(\d)(?:\s+(.*))?$/.exec(line) ?? [];
  if (log === undefined) return 'is not like "pmnamecheap.* 5"';
  if (!isOurs(log)) return null;
  if (conditions !== undefined) return 'has conditions, which this log does not know';
  return { component: component ?? '*', level: Number(level) };
}

/**
 * Reads the text of a `debug.conf` in mgr5's syntax (https://www.ispmanager.com/docs/coremanager/loggin-settings-debug-conf):
 * `<log>[.<component>] <level>`, `SET [<log>.]max_log_size=<bytes>`, comments from `#`. `*` stands for every log
 * and every component. The last line that fits a component wins; without one the level is 5.
 */
export function parseDebugConf(text: string): DebugConf {
  const rules: Rule[] = [];
  const faults: string[] = [];
  let maxLogSize = DEFAULT_MAX_LOG_SIZE;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') continue;
    const meaning = /^SET\s/.test(line) ? readSetting(line) : readRule(line);
    if (meaning === null) continue;
    if (typeof meaning === 'string')
      faults.push(`line ${index + 1} ("${line.slice(0, LONGEST_SHOWN)}") ${meaning}`);
    else if ('maxLogSize' in meaning) maxLogSize = meaning.maxLogSize;
    else rules.push(meaning);
  }
  return {
    levelOf: (component) =>
      rules.findLast((rule) => rule.component === '*' || rule.component === component)?.level ??
      DEFAULT_LEVEL,
    maxLogSize,
    faults,
  };
}
