import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CommandKind } from '../../src/namecheap/exchange.js';
import type { Call } from '../../src/namecheap/command.js';
import { NamecheapError } from '../../src/namecheap/errors.js';
import { readOutcome } from '../../src/namecheap/read-outcome.js';
import { demandTyped, fuzz, countCases, SEED } from '../helpers/fuzz.js';
import { mutatedBytes, mutatedXml } from '../helpers/mutations.js';
import { COMMANDS, type Command } from '../namecheap/every-command.js';
import { demandProof, demandRefusal } from '../namecheap/proof.js';
import { readFixture } from '../namecheap/wire.js';

const FOLDER = new URL('../fixtures/namecheap/', import.meta.url);
const CORPUS = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.xml') || name.endsWith('.html'))
  .sort()
  .map(readFixture);

/** The fixtures that answer a command, so that most changes are near what would be believed. */
function corpusOf({ command }: Command): string[] {
  const own = CORPUS.filter((text) => text.toLowerCase().includes(`>${command.toLowerCase()}<`));
  return own.length === 0 ? CORPUS : [...own, ...own, ...own, ...CORPUS];
}

/** What the client makes of an answer: the judgement that follows the network, called as the client calls it. */
function answering(status: number, text: string): { call: Call; seen: { kind: CommandKind | null } } {
  const seen: { kind: CommandKind | null } = { kind: null };
  const call: Call = (request) => {
    seen.kind = request.kind;
    const read = readOutcome(request, { kind: 'answered', status, text });
    return read.error === null ? Promise.resolve(read.result) : Promise.reject(read.error);
  };
  return { call, seen };
}

/** Runs a command against an answer and judges what became of it. */
async function judge(
  command: Command,
  status: number,
  text: string,
): Promise<'made' | 'not-made' | 'unclear'> {
  const { call, seen } = answering(status, text);
  try {
    const result = await command.run(call);
    expect(status, 'believed in spite of its status').toBe(200);
    demandProof(command, text, result);
    return 'made';
  } catch (error) {
    if (!(error instanceof NamecheapError)) throw error;
    demandTyped(error);
    expect(error.message.length).toBeLessThan(10_000);
    expect(seen.kind).toBe(command.kind);
    if (error.outcome === 'not-made' && command.kind !== 'read') demandRefusal(command, error, text);
    return error.outcome;
  }
}

const STATUSES = [200, 200, 200, 200, 200, 200, 405, 429, 500, 302, 204];

describe('answers with changes that know XML', () => {
  for (const command of COMMANDS) {
    const share = command.kind === 'charge' ? 6000 : 1500;
    // Decoded as the transport does it.
    const texts = mutatedBytes(mutatedXml(corpusOf(command))).map((bytes) => new TextDecoder().decode(bytes));
    fuzz(command.command, share, fc.tuple(fc.constantFrom(...STATUSES), texts), ([status, text]) =>
      judge(command, status, text),
    );
  }
});

it('answers with any bytes', async () => {
  const create = COMMANDS[0];
  const bytes = fc.uint8Array({ maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(bytes, async (body) => {
      if (create !== undefined)
        expect(await judge(create, 200, new TextDecoder().decode(body))).toBe('unclear');
    }),
    { seed: SEED, numRuns: countCases(2000) },
  );
});

describe('an answer of another command, and one that ends at any byte, is no purchase', () => {
  it.each(COMMANDS.filter(({ kind }) => kind === 'charge'))('$command', async (command) => {
    for (const text of CORPUS) {
      const isOwn = text.toLowerCase().includes(command.command.toLowerCase());
      if (!isOwn) expect(await judge(command, 200, text)).not.toBe('made');
      const bytes = Buffer.from(text.trimEnd());
      for (let length = 0; length < bytes.length; length++) {
        const cut = new TextDecoder().decode(bytes.subarray(0, length));
        expect(await judge(command, 200, cut), `cut after ${length} bytes`).toBe('unclear');
      }
    }
  });
});
