import { describe, expect, it } from 'vitest';
import { AnswerError } from '../../src/namecheap/answer-error.js';
import { parseXml } from '../../src/namecheap/xml.js';
import { readFixture } from './wire.js';

function parse(body: string): unknown {
  return parseXml(`<r>${body}</r>`)['r'];
}

describe('texts', () => {
  it.each([
    ['a', '<a> x\n</a>', 'x'],
    ['a', '<a>00044.40</a>', '00044.40'],
    ['a', '<a>true</a>', 'true'],
    ['a', '<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x1F353;</a>', `<&>"'A\u{1F353}`],
    ['a', '<a>&amp;lt;</a>', '&lt;'],
    ['a', '<a>\n <![CDATA[\n  two  blanks \t\n\n]]>\n </a>', '  two  blanks \t'],
    ['a', '<a><![CDATA[&lt;kept&gt;]]></a>', '&lt;kept&gt;'],
    ['a', '<a><![CDATA[one]]><![CDATA[two]]></a>', 'onetwo'],
    ['a', '<a/>', ''],
  ])('%s of %j is %j', (name, body, expected) => {
    expect(parse(body)).toEqual({ [name]: expected });
  });
});

it('gives names in lower case and without prefix, attributes with @', () => {
  expect(parse('<n:OuTer ID="&#49;2"><n:Inner/></n:OuTer>')).toEqual({ outer: { '@id': '12', inner: '' } });
});

it('gives what may repeat as an array, also once', () => {
  expect(parse('<SSL CertificateID="1"/>')).toEqual({ ssl: [{ '@certificateid': '1' }] });
  expect(parse('<Error Number="1">a</Error><error Number="2">b</error>')).toEqual({
    error: [
      { '@number': '1', '#text': 'a' },
      { '@number': '2', '#text': 'b' },
    ],
  });
});

it('has no prototype that a name could reach', () => {
  const element = parse('<a __proto__="1" tostring="2"><hasOwnProperty>3</hasOwnProperty></a>');
  expect(Object.getPrototypeOf(Object(element))).toBeNull();
  expect(Object.prototype).not.toHaveProperty('1');
  for (const name of ['__proto__', 'constructor', 'PROTOTYPE']) {
    expect(() => parse(`<${name}><polluted>yes</polluted></${name}>`)).toThrow(AnswerError);
  }
  expect({}).not.toHaveProperty('polluted');
});

describe('refused', () => {
  it.each([
    ['a DTD with entities', readFixture('entities.xml')],
    ['a DTD in lower case', '<!doctype r><r/>'],
    ['an HTML page', readFixture('page.html')],
    ['an unknown entity', '<r>&berry;</r>'],
    ['an HTML entity', '<r>&nbsp;</r>'],
    ['a name of Object as an entity', '<r>&constructor;</r>'],
    ['a reference to no character', '<r>&#0;</r>'],
    ['a reference beyond Unicode', '<r>&#x110000;</r>'],
    ['an unclosed element', '<r><a></r>'],
    ['attributes without a blank between', '<r a="1"b="2"/>'],
    ['a repeated attribute', '<r a="1" a="2"/>'],
    ['a CDATA section in lower case', '<r><![cdata[x]]></r>'],
    ['a declaration that is none', '<r><!x></r>'],
    ['markup in an attribute', '<r a="<b"/>'],
    ['two roots', '<r></r><r></r>'],
    ['two roots, the first one empty', '<a/><r></r>'],
    ['text behind the root', '<r></r>tail'],
    ['nothing', ''],
    ['text only', 'Service unavailable'],
    ['a text mixed with CDATA', '<r>a<![CDATA[b]]></r>'],
    ['deep nesting', '<a>'.repeat(5000) + '</a>'.repeat(5000)],
    ['an endless text', `<r>${'x'.repeat(8 * 1024 * 1024)}</r>`],
  ])('%s', (_name, text) => {
    expect(() => parseXml(text)).toThrow(AnswerError);
  });
});

it.each([
  readFixture('entities.xml'),
  '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/r.dtd"><r/>',
  '<!DOCTYPE r [<!ENTITY unused "x">]><r/>',
])('a DTD is refused as such, before anything in it is read', (text) => {
  expect(() => parseXml(text)).toThrow(/DTD/);
});
