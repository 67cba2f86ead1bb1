import { describe, expect, it } from 'vitest';
import { formatLine, LEVEL_NAMES } from '../../src/log/line.js';

const entry = {
  at: new Date(2026, 10, 22, 22, 41, 3),
  pid: 4711,
  level: 'INFO',
  component: 'namecheap',
  text: 'hello',
};

describe('a line of the log', () => {
  it('is in the native format of mgr5, in local time', () => {
    expect(formatLine(entry)).toBe('Nov 22 22:41:03 [4711:1] namecheap INFO hello');
  });

  it('pads the day with a space and the time with zeros', () => {
    const at = new Date(2026, 4, 5, 0, 9, 7);
    expect(formatLine({ ...entry, at })).toBe('May  5 00:09:07 [4711:1] namecheap INFO hello');
  });

  it('stays one line, whatever a remote server sent', () => {
    const text = '<a>\r\n\t<b/>\n</a>\u2028\u001b[31mred\u0007\u0085';
    expect(formatLine({ ...entry, text })).toBe(
      'Nov 22 22:41:03 [4711:1] namecheap INFO <a>\\r\\n\\t<b/>\\n</a>\\u2028\\u001b[31mred\\u0007\\u0085',
    );
  });

  it('lets no component break the columns', () => {
    expect(formatLine({ ...entry, component: 'two words\nmore' })).toContain('] two_words_more INFO ');
  });

  it('leaves letters of other alphabets alone', () => {
    expect(formatLine({ ...entry, text: 'müller-käse.example, сертификат' })).toContain(
      'müller-käse.example, сертификат',
    );
  });

  it('has a word for each of the nine levels', () => {
    expect(new Set(LEVEL_NAMES).size).toBe(9);
    expect(LEVEL_NAMES.indexOf('ERROR') + 1).toBe(3);
    expect(LEVEL_NAMES.indexOf('INFO') + 1).toBe(5);
    expect(LEVEL_NAMES.indexOf('DEBUG') + 1).toBe(9);
  });
});
