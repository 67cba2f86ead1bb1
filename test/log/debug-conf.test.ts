import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseDebugConf } from '../../src/log/debug-conf.js';

const levels = (text: string) => ['namecheap', 'order', 'log'].map(parseDebugConf(text).levelOf);

describe('parseDebugConf', () => {
  it('has level 5 and 100 MB without a word about us', () => {
    const conf = parseDebugConf('billmgr.* 9\ncore 6\nSET billmgr.max_log_size=5000\n');
    expect(conf.levelOf('order')).toBe(5);
    expect(conf.maxLogSize).toBe(104_857_600);
    expect(conf.faults).toEqual([]);
  });

  it.each([
    ['pmnamecheap.* 9', [9, 9, 9]],
    ['pmnamecheap 2', [2, 2, 2]],
    ['*.* 0', [0, 0, 0]],
    ['* 7', [7, 7, 7]],
    ['*.order 8', [5, 8, 5]],
    ['pmnamecheap.namecheap 9', [9, 5, 5]],
    ['pmnamecheap.namecheap 9\npmnamecheap.* 3', [3, 3, 3]],
    ['pmnamecheap.* 3\npmnamecheap.namecheap 9', [9, 3, 3]],
    ['  pmnamecheap.*\t6   # while we look for it\r\n#pmnamecheap.* 9', [6, 6, 6]],
  ])('%j: the last line that fits a component wins', (text, expected) => {
    expect(levels(text)).toEqual(expected);
  });

  it.each([
    ['SET max_log_size=8192', 8_192],
    ['SET pmnamecheap.max_log_size = 1048576 # 1 MB', 1_048_576],
    ['SET max_log_size=8192\nSET pmnamecheap.max_log_size=9000', 9_000],
  ])('%j sets the size in bytes', (text, size) => {
    expect(parseDebugConf(text).maxLogSize).toBe(size);
  });

  it('ignores settings that only concern mgr5 itself', () => {
    expect(parseDebugConf('SET color=off\nSET storage=file').faults).toEqual([]);
  });

  it('ignores what makes no sense, and lists it', () => {
    const text = [
      'pmnamecheap.*9',
      'pmnamecheap.* 10',
      'pmnamecheap.* debug',
      'pmnamecheap.* 9 user=root',
      'SET max_log_size=100M',
      'SET max_log_size=0',
      'SET max_log_size',
      'pmnamecheap.* 6',
    ];
    const conf = parseDebugConf(text.join('\n'));
    expect(conf.faults).toEqual([
      'line 1 ("pmnamecheap.*9") is not like "pmnamecheap.* 5"',
      'line 2 ("pmnamecheap.* 10") is not like "pmnamecheap.* 5"',
      'line 3 ("pmnamecheap.* debug") is not like "pmnamecheap.* 5"',
      'line 4 ("pmnamecheap.* 9 user=root") has conditions, which this log does not know',
      'line 5 ("SET max_log_size=100M") needs 4096 bytes or more',
      'line 6 ("SET max_log_size=0") needs 4096 bytes or more',
      'line 7 ("SET max_log_size") is not like "SET max_log_size=104857600"',
    ]);
    expect(conf.levelOf('order')).toBe(6);
    expect(conf.maxLogSize).toBe(104_857_600);
  });
});

describe('config/debug.conf', () => {
  it('says what the defaults are', () => {
    const conf = parseDebugConf(readFileSync('config/debug.conf', 'utf8'));
    expect(conf.faults).toEqual([]);
    expect(conf.levelOf('namecheap')).toBe(5);
    expect(conf.maxLogSize).toBe(104_857_600);
  });
});
