import { describe, expect, it } from 'vitest';
import { PmnamecheapError } from '../src/errors.js';
import { keepSecret, redact } from '../src/redact.js';

describe('redact', () => {
  it('masks a kept secret wherever it stands', () => {
    keepSecret('k3pt-in-the-dark');
    expect(redact('it was k3pt-in-the-dark, twice: k3pt-in-the-dark')).toBe('it was *****, twice: *****');
  });

  it('masks the URL-encoded and the form-encoded shape of a secret', () => {
    keepSecret("base64+with/slash='quote' and space");
    expect(redact(`q=${encodeURIComponent("base64+with/slash='quote' and space")}`)).toBe('q=*****');
    expect(redact(new URLSearchParams({ q: "base64+with/slash='quote' and space" }).toString())).toBe(
      'q=*****',
    );
  });

  it('takes a secret that no URL can hold', () => {
    keepSecret('half-a-pair-\uD800');
    expect(redact('<half-a-pair-\uD800>')).toBe('<*****>');
    expect(redact('<half-a-pair-%EF%BF%BD>')).toBe('<*****>');
  });

  it('leaves no end of a secret behind that contains another one', () => {
    keepSecret('inner-part');
    keepSecret('outer-inner-part-outer');
    expect(redact('<outer-inner-part-outer>')).toBe('<*****>');
  });

  it('does not take short values for secrets', () => {
    keepSecret('get');
    expect(redact('get the list')).toBe('get the list');
  });

  it.each([
    ['UserName=bob&ApiKey=abc123&Command=x', 'UserName=bob&ApiKey=*****&Command=x'],
    ['{"sealedKey":"v1.AbC","sandbox":true}', '{"sealedKey":"*****","sandbox":true}'],
    ['"{\\"apiKey\\":\\"abc\\"}"', '"{\\"apiKey\\":\\"*****\\"}"'],
    ['api-key: abc', 'api-key: *****'],
    ['password = hunter2', 'password = *****'],
    ['PMNAMECHEAP_SECRET_KEY is missing', 'PMNAMECHEAP_SECRET_KEY is missing'],
    ['Parameter ApiKey is invalid', 'Parameter ApiKey is invalid'],
  ])('masks named values it never saw: %s', (text, masked) => {
    expect(redact(text)).toBe(masked);
  });

  it.each([
    ['connect redis://user:pw@db.example:6379/1 failed', 'connect redis://*****@db.example:6379/1 failed'],
    ['rediss://:pw@db.example', 'rediss://*****@db.example'],
    ['http://a.example/path?mail=x@b.example', 'http://a.example/path?mail=x@b.example'],
  ])('masks the credentials of a URL: %s', (text, masked) => {
    expect(redact(text)).toBe(masked);
  });

  it('holds for the messages of our errors', () => {
    keepSecret('0123456789abcdef0123456789abcdef');
    const error = new PmnamecheapError('refused 0123456789abcdef0123456789abcdef', {
      code: 'ERR_X',
      verdict: 'fail',
    });
    expect(error.message).toBe('refused *****');
  });
});
