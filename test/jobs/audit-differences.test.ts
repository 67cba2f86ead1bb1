import { describe, expect, it } from 'vitest';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { listAnnounced, expectClean, nameHash, readPause, runAudit } from '../helpers/audits.js';
import { startOrder } from '../helpers/decisions.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const redis = useRedis();

interface Books {
  play: Play;
  order: CertificateRecord;
  /** Of the order. */
  id: string;
  transaction: string;
  hash: (what: string) => string;
}

/** Somebody writes to Redis by hand; the differences that the audit finds then. */
interface Damage {
  name: string;
  inject: (books: Books) => Promise<unknown>;
  finds: (books: Books) => string[];
  /** What the sentence must tell a person. */
  tells: RegExp;
}

const DAMAGES: Damage[] = [
  {
    name: 'a ledger entry that is gone',
    inject: ({ hash, transaction }) => redis.client.hdel(hash('ledger'), transaction),
    finds: ({ transaction, order }) => [`unpaid-${transaction}:order-${order.serviceId}`],
    tells: /settled with ledger entry \d+, which is not in the ledger.*certificate restore/,
  },
  {
    name: 'a ledger entry of another purchase under its id',
    inject: async ({ hash, transaction }) => {
      const entry = JSON.parse((await redis.client.hget(hash('ledger'), transaction)) ?? '') as object;
      await redis.client.hset(hash('ledger'), transaction, JSON.stringify({ ...entry, purchaseId: 'other' }));
    },
    finds: ({ transaction, order }) => [`unpaid-${transaction}:order-${order.serviceId}`],
    tells: /is not in the ledger/,
  },
  {
    name: 'a claim that is gone',
    inject: ({ hash, id }) => redis.client.hdel(hash('claims'), id),
    finds: ({ id, order, transaction }) => [
      `lost-${id}:order-${order.serviceId}`,
      `unexplained:${transaction}`,
    ],
    tells: /neither owned nor in stock.*stock mark \d+ --ours/,
  },
  {
    name: 'a purchase without outcome and lane',
    inject: async ({ hash, order }) => {
      const purchase = { ...order.purchase, key: 'order-ghost', serviceId: 'ghost', certificateId: null };
      await redis.client.hset(hash('purchases'), 'order-ghost', JSON.stringify(purchase));
    },
    finds: () => ['unsettled:order-ghost'],
    tells: /certificate resolve ghost/,
  },
  {
    name: 'a purchase that cannot be read',
    inject: ({ hash }) => redis.client.hset(hash('purchases'), 'order-torn', '{"id":'),
    finds: () => ['unreadable:order-torn'],
    tells: /cannot be read/,
  },
  {
    name: 'a lane that waits for a purchase which nobody has',
    inject: async ({ hash, order }) => {
      const purchase = { ...order.purchase, id: 'ghost', key: 'order-ghost', certificateId: null };
      await redis.client.hset(hash('lanes'), 'order-x', JSON.stringify(purchase));
    },
    finds: () => ['lane:order-x'],
    tells: /order-x waits for a purchase order-ghost/,
  },
  {
    // Redis 7.0 may run half a transaction of a log that was cut, at the second restart after it.
    name: 'a lane and key whose service waits for nothing',
    inject: async ({ hash, order }) => {
      const purchase = {
        ...order.purchase,
        id: 'half',
        key: 'order-half',
        lane: 'order-x',
        certificateId: null,
      };
      await redis.client.hset(hash('lanes'), 'order-x', JSON.stringify(purchase));
      await redis.client.hset(hash('purchases'), 'order-half', JSON.stringify(purchase));
    },
    finds: () => ['lane:order-x'],
    tells: /order-x waits for the purchase order-half, but service \S+ does not.*certificate resolve/,
  },
  {
    name: 'a charge without a certificate',
    inject: ({ hash }) =>
      redis.client.hset(hash('ledger'), '77', composeEntry({ certificateId: 5, transactionId: 77 })),
    finds: () => ['unexplained:77'],
    tells: /entry 77 \(8\.8800 USD, certificate 5, service s\) is paid/,
  },
  {
    name: 'a charge under the id of another transaction',
    inject: ({ hash, id }) =>
      redis.client.hset(hash('ledger'), '78', composeEntry({ certificateId: Number(id), transactionId: 77 })),
    finds: () => ['misnamed:78'],
    tells: /is about transaction 77/,
  },
  {
    name: 'a second charge for one purchase',
    inject: async ({ hash, id, order, transaction }) => {
      const entry = JSON.parse((await redis.client.hget(hash('ledger'), transaction)) ?? '') as object;
      const second = {
        ...entry,
        certificateId: Number(id),
        transactionId: 99,
        key: `order-${order.serviceId}`,
      };
      await redis.client.hset(hash('ledger'), '99', JSON.stringify(second));
    },
    finds: () => ['twice:99'],
    tells: /has paid already.*refund/,
  },
  {
    name: 'a charge of another purchase for the same certificate',
    inject: ({ hash, id }) =>
      redis.client.hset(hash('ledger'), '99', composeEntry({ certificateId: Number(id), transactionId: 99 })),
    finds: () => ['twice:99'],
    tells: /has paid already/,
  },
  {
    name: 'an entry that cannot be read',
    inject: ({ hash }) => redis.client.hset(hash('ledger'), '99', 'torn'),
    finds: () => ['unreadable-entry:99'],
    tells: /cannot be read/,
  },
  {
    name: 'an owned certificate among the foreign ones',
    inject: ({ hash, id }) => redis.client.hset(hash('foreign'), id, '2026-01-01T00:00:00.000Z'),
    finds: ({ id }) => [`places:${id}`],
    tells: /owned by service \S+ and foreign/,
  },
];

function composeEntry(changes: object): string {
  const charged = { amount: '8.8800', currency: 'USD' };
  return JSON.stringify({
    serviceId: 's',
    purchaseId: 'p',
    key: 'order-s',
    kind: 'order',
    charged,
    at: 0,
    ...changes,
  });
}

async function openBooks(): Promise<Books & AsyncDisposable> {
  const play = await Play.start(redis, { limits: [0, 0, 0] });
  const order = await play.order('books.example.com');
  return {
    ...{ play, order, id: String(order.certificateId), transaction: String(order.transactionId) },
    hash: (what) => nameHash(play, what),
    [Symbol.asyncDispose]: () => play[Symbol.asyncDispose](),
  };
}

describe('the audit finds', () => {
  it.each(DAMAGES)('$name, announces it once and stops purchases', async ({ inject, finds, tells }) => {
    await using books = await openBooks();
    const { play } = books;
    await expectClean(play);
    await inject(books);
    const audit = await runAudit(play);
    const expected = finds(books);
    expect(audit.differences.map(({ id }) => id)).toEqual(expected);
    expect(audit.differences.map(({ text }) => text).join('\n')).toMatch(tells);
    expect(await readPause(play)).toContain('the audit found');
    expect((await runAudit(play)).differences.map(({ isNew }) => isNew)).toEqual(expected.map(() => false));
    expect(await listAnnounced(play)).toEqual([expected]);
  });

  it('a certificate of the stock that is gone, once the list had time to show it', async () => {
    await using books = await openBooks();
    const { play, hash } = books;
    await expectClean(play);
    const stock = { product: 'dv-single', type: 'Standard SSL', years: 1, sansToAdd: 0, purchaseId: 'p' };
    await redis.client.hset(hash('stock'), '4711', JSON.stringify(stock));
    expect(await runAudit(play)).toMatchObject({ differences: [] });
    await play.pass(play.bench.work.settings.settleTimeMs + 1000);
    expect((await runAudit(play)).differences.map(({ id }) => id)).toEqual(['stock-gone:4711']);
    await redis.client.hdel(hash('stock'), '4711');
    await expectClean(play);
  });

  it('many of a kind as one, which names some of them', async () => {
    await using books = await openBooks();
    const { play, hash } = books;
    const entries = Array.from({ length: 700 }, (_, at) => [
      String(at + 1),
      composeEntry({ certificateId: at + 1, transactionId: at + 1 }),
    ]).flat();
    await redis.client.hset(hash('ledger'), ...entries);
    const audit = await runAudit(play);
    expect(audit.differences.map(({ id }) => id)).toEqual(['many:ledger:unexplained:700']);
    expect(audit.differences[0]?.text).toMatch(/^700 differences of one kind \(\d+, .* and others\)/);
    expect(await runAudit(play)).toMatchObject({ differences: [{ isNew: false }] });
  });
});

describe('a person who resumes', () => {
  it('accepts what was found; only something else stops the account again', async () => {
    await using books = await openBooks();
    const { play, hash, transaction, order } = books;
    const { store, work } = play.bench;
    await redis.client.hdel(hash('ledger'), transaction);
    await runAudit(play);
    expect(await store.audits.accept(work.account.id)).toHaveLength(1);
    const accepted = await runAudit(play);
    expect(accepted).toMatchObject({ isFailed: false, differences: [{ isNew: false }] });
    expect(await readPause(play)).toBeNull();
    expect((await startOrder(play)).certificateId).not.toBeNull();

    await redis.client.hset(hash('ledger'), '77', composeEntry({ certificateId: 5, transactionId: 77 }));
    const again = await runAudit(play);
    expect(again.differences.map(({ id, isNew }) => [id, isNew])).toEqual([
      ['unexplained:77', true],
      [`unpaid-${transaction}:order-${order.serviceId}`, false],
    ]);
    expect(await readPause(play)).toContain('entry 77');
  });

  it('keeps the reason of a pause that was there before', async () => {
    await using books = await openBooks();
    const { play, hash } = books;
    await play.bench.work.account.pause('purchases', 'the database was emptied', null);
    await redis.client.hset(hash('ledger'), '77', composeEntry({ certificateId: 5, transactionId: 77 }));
    await runAudit(play);
    expect(await readPause(play)).toMatch(/^the database was emptied; and the audit found 1 difference/);
  });
});
