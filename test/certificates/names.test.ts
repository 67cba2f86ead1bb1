import { describe, expect, it } from 'vitest';
import {
  coversName,
  findRegistrableDomain,
  isWildcard,
  listImpliedNames,
  normalizeDomain,
  readDomain,
} from '../../src/certificates/names.js';
import { InputError } from '../../src/errors.js';

describe('normalizeDomain', () => {
  it.each([
    ['Example.COM', 'example.com'],
    [' www.example.com. ', 'www.example.com'],
    ['*.Shop.example.org', '*.shop.example.org'],
    ['bücher.example.com', 'xn--bcher-kva.example.com'],
    ['*.BÜCHER.de', '*.xn--bcher-kva.de'],
    ['xn--bcher-kva.de', 'xn--bcher-kva.de'],
    ['shop。example。com', 'shop.example.com'],
    ['a.co.uk', 'a.co.uk'],
    ['someone.github.io', 'someone.github.io'],
    ['github.io', 'github.io'],
    [`${'a'.repeat(63)}.example.com`, `${'a'.repeat(63)}.example.com`],
  ])('turns %s into %s', (name, expected) => {
    expect(normalizeDomain(name)).toBe(expected);
    expect(normalizeDomain(expected)).toBe(expected);
  });

  it.each([
    ['', 'missing'],
    ['*.', 'missing'],
    ['192.0.2.7', 'IP address'],
    ['*.192.0.2.7', 'IP address'],
    ['2001:db8::1', 'IP address'],
    ['[2001:db8::1]', 'IP address'],
    ['１９２.0.2.7', 'IP address'],
    ['localhost', 'internal'],
    ['mail.corp', 'internal'],
    ['db.internal', 'internal'],
    ['printer.local', 'internal'],
    ['0x7f.1', 'internal'],
    ['co.uk', 'public suffix'],
    ['*.co.uk', 'public suffix'],
    ['com', 'public suffix'],
    ['*.com', 'public suffix'],
    ['a..example.com', 'not a host name'],
    ['.example.com', 'not a host name'],
    ['example.com..', 'not a host name'],
    ['-a.example.com', 'not a host name'],
    ['a-.example.com', 'not a host name'],
    ['my_shop.example.com', 'not a host name'],
    ['https://example.com', 'not a host name'],
    ['example.com:443', 'not a host name'],
    ['example.com/x', 'not a host name'],
    ['ex%41mple.com', 'not a host name'],
    ['a b.example.com', 'not a host name'],
    ['xn--a.com', 'not a host name'],
    ['ab--cd.example.com', '"--"'],
    ['w*.example.com', 'wildcard'],
    ['a.*.example.com', 'wildcard'],
    ['*.*.example.com', 'wildcard'],
    ['*', 'wildcard'],
    ['*example.com', 'wildcard'],
    [`${'a'.repeat(64)}.example.com`, '63'],
    [`${'a.'.repeat(122)}example.com`, '253'],
  ])('refuses %s', (name, why) => {
    expect(() => normalizeDomain(name)).toThrow(InputError);
    expect(readDomain(name)).toMatchObject({ domain: null, fault: expect.stringContaining(why) as string });
  });

  it('counts the wildcard into the length', () => {
    const name = `${'a.'.repeat(120)}b.example.com`;
    expect(name).toHaveLength(253);
    expect(normalizeDomain(name)).toBe(name);
    expect(normalizeDomain(`*.${name.slice(2)}`)).toHaveLength(253);
    expect(() => normalizeDomain(`*.${name}`)).toThrow('253');
  });

  it('does not repeat a long text whole', () => {
    expect(readDomain('!'.repeat(5000)).fault?.length).toBeLessThan(200);
  });
});

describe('listImpliedNames', () => {
  it.each([
    ['example.com', 'single', ['www.example.com']],
    ['www.example.com', 'single', ['example.com']],
    ['shop.example.com', 'single', ['www.shop.example.com']],
    ['www.co.uk', 'single', []],
    ['*.example.com', 'wildcard', ['example.com']],
    ['example.com', 'wildcard', []],
    ['*.example.com', 'single', []],
    ['example.com', 'multi', []],
  ] as const)('%s, %s: %j', (name, coverage, expected) => {
    expect(listImpliedNames(name, coverage)).toEqual(expected);
  });
});

describe('coversName', () => {
  it.each([
    [['example.com'], 'example.com', true],
    [['EXAMPLE.com'], 'Example.COM', true],
    [['*.example.com'], 'www.example.com', true],
    [['*.example.com'], 'example.com', false],
    [['*.example.com'], 'a.b.example.com', false],
    [['*.example.com'], '*.example.com', true],
    [['*.example.com'], '*.a.example.com', false],
    [['www.example.com'], '*.example.com', false],
    [['*.com'], 'example.com', true],
    [['notexample.com'], 'example.com', false],
    [[], 'example.com', false],
  ])('%j covers %s: %s', (held, name, expected) => {
    expect(coversName(held, name)).toBe(expected);
  });
});

it('finds the registered domain', () => {
  expect(findRegistrableDomain('*.a.shop.example.co.uk')).toBe('example.co.uk');
  expect(findRegistrableDomain('x.someone.github.io')).toBe('github.io');
  expect(findRegistrableDomain('co.uk')).toBeNull();
});

it('knows a wildcard', () => {
  expect([isWildcard('*.example.com'), isWildcard('example.com')]).toEqual([true, false]);
});
