/**
 * The words that stand for the levels 1 to 9 in a line. ERROR, WARNING, INFO, EXTINFO, TRACE and DEBUG are those
 * of mgr5's own logs; the others follow its description of the levels.
 */
export const LEVEL_NAMES = [
  'NOTE',
  'FATAL',
  'ERROR',
  'WARNING',
  'INFO',
  'EXTINFO',
  'REMOTE',
  'TRACE',
  'DEBUG',
] as const;

/** Set apart because Intl would follow the machine's language: mgr5 always writes English months. */
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

export interface Entry {
  at: Date;
  pid: number;
  /** One of {@link LEVEL_NAMES}. */
  level: string;
  component: string;
  text: string;
}

function formatTime(at: Date): string {
  const [hours, minutes, seconds] = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) =>
    String(part).padStart(2, '0'),
  );
  const day = String(at.getDate()).padStart(2, ' ');
  return `${MONTHS[at.getMonth()] ?? ''} ${day} ${hours ?? ''}:${minutes ?? ''}:${seconds ?? ''}`;
}

/**
 * Control characters as escapes. An entry must stay one line, and what a remote server sent must neither forge
 * lines nor drive the terminal of the person who reads the log.
 */
function escapeControls(text: string): string {
  return text.replace(
    /\p{Cc}|[\u2028\u2029]/gu,
    (character) => SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * One line (without its end) as mgr5's C++ programs write it: local time without a year, the day padded with a
 * space, `[pid:thread]`, the component, the level. Node has one thread, so that is always 1.
 */
export function formatLine({ at, pid, level, component, text }: Entry): string {
  const part = component.replace(/[^\w.-]/g, '_');
  return `${formatTime(at)} [${pid}:1] ${part} ${level} ${escapeControls(text)}`;
}
