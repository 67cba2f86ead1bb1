import { describe, expect, it } from 'vitest';
import { logExchange } from '../../src/log/exchange.js';
import type { Level, Logger } from '../../src/log/logger.js';
import type { Exchange } from '../../src/namecheap/exchange.js';

function record(level: Level): Logger & { lines: string[] } {
  const lines: string[] = [];
  const isEnabled = (asked: Level): boolean => asked <= level;
  return {
    lines,
    isEnabled,
    log: (asked, component, text) => {
      if (isEnabled(asked)) lines.push(`${component} ${asked} ${text}`);
    },
  };
}

const exchange: Exchange = {
  command: 'namecheap.ssl.getInfo',
  userName: 'shop',
  endpoint: 'https://api.example/xml.response',
  parameters: { CertificateID: '77', ReturnCertificate: 'true', Returntype: 'Individual' },
  httpStatus: 200,
  durationMs: 210.4,
  answer: '<ApiResponse Status="OK">\n</ApiResponse>',
  outcome: 'OK',
};

describe('logExchange', () => {
  it('writes one line at level 5', () => {
    const logger = record(5);
    logExchange(logger, exchange);
    expect(logger.lines).toEqual([
      'namecheap 5 namecheap.ssl.getInfo OK, HTTP 200, 210 ms, account shop CertificateID=77',
    ]);
  });

  it('writes what went wrong as an error', () => {
    const logger = record(3);
    logExchange(logger, { ...exchange, httpStatus: null, answer: null, outcome: 'ETIMEDOUT' });
    logExchange(logger, { ...exchange, outcome: '2011294 CertificateID is invalid' });
    expect(logger.lines).toEqual([
      'namecheap 3 namecheap.ssl.getInfo ETIMEDOUT, no answer, 210 ms, account shop CertificateID=77',
      'namecheap 3 namecheap.ssl.getInfo 2011294 CertificateID is invalid, HTTP 200, 210 ms, account shop CertificateID=77',
    ]);
  });

  it('knows the key parameters in any case, and shortens them', () => {
    const logger = record(5);
    logExchange(logger, {
      ...exchange,
      parameters: { certificateid: '7', SearchTerm: 'x'.repeat(200), CSR: 'long' },
    });
    expect(logger.lines[0]).toMatch(/ certificateid=7 SearchTerm=x{80}$/);
  });

  it('writes everything that was sent and received at level 9', () => {
    const logger = record(9);
    logExchange(logger, exchange);
    expect(logger.lines.slice(1)).toEqual([
      `namecheap 9 namecheap.ssl.getInfo to https://api.example/xml.response: ${JSON.stringify(exchange.parameters)}`,
      'namecheap 9 namecheap.ssl.getInfo answer: <ApiResponse Status="OK">\n</ApiResponse>',
    ]);
  });

  it('masks what the caller forgot to mask', () => {
    const logger = record(9);
    logExchange(logger, { ...exchange, parameters: { ApiKey: 'abc123' }, answer: 'ApiKey=abc123' });
    expect(logger.lines.join()).not.toContain('abc123');
  });
});
