import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Accounts } from '../../src/modules/accounts.js';
import { sealModule } from '../../src/modules/add.js';
import { PRODUCTION_ENDPOINT, SANDBOX_ENDPOINT } from '../../src/namecheap/endpoint.js';
import { AccountLimiter } from '../../src/quota/limiter.js';
import { connectStore } from '../../src/store/connection.js';
import { readVolatility } from '../../src/store/durability.js';
import { createStore } from '../../src/store/store.js';
import { PrivateRedis } from '../helpers/private-redis.js';
import { serverBinary } from '../helpers/redis-server.js';

const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');

describe.skipIf(serverBinary === null)(
  'an account that a worker has opened (needs redis-server or valkey-server on PATH)',
  () => {
    it.each([
      ['production', PRODUCTION_ENDPOINT, true],
      ['an unknown endpoint', 'https://reseller.example.com/xml.response', true],
      ["Namecheap's sandbox", SANDBOX_ENDPOINT, false],
      ['our sandbox', 'http://127.0.0.1:8080/xml.response', false],
    ])('refuses purchases at %s as soon as Redis is volatile: %#', async (_, endpoint, isRefused) => {
      await using server = await PrivateRedis.start();
      const redis = await connectStore({ kind: 'url', url: server.url });
      try {
        const store = createStore(redis, `{test-${randomUUID()}}`, Date.now);
        const accounts = new Accounts({
          store,
          secretKeys: [SECRET_KEY],
          httpTimeoutMs: 1000,
          throttlePauseMs: 1000,
          readVolatility: () => readVolatility(redis, store.keys.barrier),
          isStopping: () => false,
          createLimiter: (id) =>
            new AccountLimiter(redis, (what) => store.keys.account(id, what), randomUUID),
          onExchange: () => undefined,
          now: Date.now,
          random: () => 0,
        });
        const draft = {
          ...{ name: 'default', username: 'user', apiUser: 'user', apiKey: 'a'.repeat(32) },
          ...{ clientIp: '192.0.2.1', sandbox: false, endpoint },
        };
        await store.modules.save(sealModule(draft, SECRET_KEY, new Date().toISOString()));
        // The same account throughout: nothing is opened anew, nothing is started again.
        const account = await accounts.open('default');
        expect(await account.readRefusal()).toBeNull();
        await server.client.config('SET', 'appendfsync', 'everysec');
        const refusal = await account.readRefusal();
        if (isRefused) expect(refusal).toMatch(/nothing is bought in production: appendfsync is "everysec"/);
        else expect(refusal).toBeNull();
        await server.client.config('SET', 'appendfsync', 'always');
        expect(await account.readRefusal()).toBeNull();
      } finally {
        redis.disconnect();
      }
    });
  },
);
