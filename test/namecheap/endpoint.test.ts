import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.js';
import {
  checkEndpoint,
  isProductionEndpoint,
  PRODUCTION_ENDPOINT,
  SANDBOX_ENDPOINT,
} from '../../src/namecheap/endpoint.js';
import { connect } from './wire.js';

const LOOPBACK = [
  'http://127.0.0.1:8080/xml.response',
  'http://127.8.9.10/x',
  'http://[::1]:1/x',
  'http://localhost/x',
  'http://[0:0:0:0:0:0:0:1]/x',
];

it.each([PRODUCTION_ENDPOINT, SANDBOX_ENDPOINT, 'https://proxy.example/xml.response', ...LOOPBACK])(
  '%s may be called',
  (endpoint) => {
    expect(() => checkEndpoint(endpoint)).not.toThrow();
  },
);

describe('refused', () => {
  it.each([
    'http://api.namecheap.com/xml.response',
    'http://127.0.0.1.example/x',
    'http://localhost.example/x',
    'http://127.0.0.1@proxy.example/x',
    'http://10.0.0.1/x',
    'ftp://127.0.0.1/x',
    'file:///etc/hosts',
    'https://user:word@api.namecheap.com/xml.response',
    'https://api.namecheap.com/xml.response?Command=x',
    'https://api.namecheap.com/xml.response?',
    'https://api.namecheap.com/xml.response#x',
    'api.namecheap.com/xml.response',
    '',
  ])('%s', (endpoint) => {
    expect(() => checkEndpoint(endpoint)).toThrow(InputError);
    expect(() => connect(endpoint)).toThrow(InputError);
  });

  it('lists every fault, and does not repeat the credentials', () => {
    const message = (() => {
      try {
        checkEndpoint('http://user:topsecret@proxy.example/x?a=1');
      } catch (error) {
        return String(error);
      }
      return '';
    })();
    expect(message).toMatch(/https.*user name.*query/);
    expect(message).not.toContain('topsecret');
  });
});

it.each([
  PRODUCTION_ENDPOINT,
  'https://proxy.example/xml.response',
  'https://api.sandbox.namecheap.com.example/x',
  'no url',
])('%s may cost money', (endpoint) => {
  expect(isProductionEndpoint(endpoint)).toBe(true);
});

it.each([SANDBOX_ENDPOINT, 'https://API.sandbox.namecheap.com/xml.response', ...LOOPBACK])(
  '%s costs none',
  (endpoint) => {
    expect(isProductionEndpoint(endpoint)).toBe(false);
  },
);
