import { describe, expect, it } from 'vitest';
import { groupChains } from '../../src/certificates/import-chains.js';
import { isGone, isTrouble, isUnused } from '../../src/certificates/namecheap-status.js';

const GONE = ['cancelled', 'canceled', 'deactivated', 'expired', 'replaced', 'revoked'];

function readMeaning(status: string) {
  return { isUnused: isUnused(status), isGone: isGone(status), isTrouble: isTrouble(status) };
}

describe("Namecheap's words for a certificate", () => {
  it.each([
    ...GONE.map((status) => [status, { isUnused: false, isGone: true, isTrouble: true }] as const),
    ['purchaseerror', { isUnused: false, isGone: false, isTrouble: true }] as const,
    ...['newpurchase', 'newrenewal'].map(
      (status) => [status, { isUnused: true, isGone: false, isTrouble: false }] as const,
    ),
    ...['active', 'purchased', 'inprogress', 'a word of tomorrow'].map(
      (status) => [status, { isUnused: false, isGone: false, isTrouble: false }] as const,
    ),
  ])('%s', (status, meaning) => {
    expect(readMeaning(status)).toEqual(meaning);
  });

  it('a chain lives by what is not over', () => {
    const rows = [...GONE, 'newpurchase', 'active'].map((status, index) => ({
      certificateId: index + 1,
      hostName: 'a.example.com',
      type: 'PositiveSSL',
      purchaseDate: null,
      expireDate: null,
      status,
      providerOrderId: '77',
      years: 1,
    }));
    const [chain] = groupChains(rows);
    expect(chain?.live.map(({ status }) => status)).toEqual(['active']);
    expect(chain?.waiting.map(({ status }) => status)).toEqual(['newpurchase']);
  });
});
