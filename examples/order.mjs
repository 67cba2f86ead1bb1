// Orders a certificate from a program, and waits until Namecheap has accepted it. Usage, with a worker running:
//   REDIS_URL=redis://127.0.0.1:6379 node examples/order.mjs SERVICE_ID FILE.csr
import { readFile } from 'node:fs/promises';
import { createProducer } from 'pmnamecheap';

const [serviceId, csrFile] = process.argv.slice(2);
if (serviceId === undefined || csrFile === undefined) throw new Error('give a service id and a CSR file');

const redisUrl = process.env['REDIS_URL'];
const producer = await createProducer(redisUrl === undefined ? {} : { redisUrl });
try {
  const csr = await readFile(csrFile, 'utf8');
  const id = await producer.order({ serviceId, type: 'PositiveSSL', years: 1, csr, dcv: { method: 'dns' } });
  const end = await producer.waitFor('order', id, 60_000);
  process.stdout.write(`${JSON.stringify(end, null, 2)}\n`);
  if (end.kind !== 'completed') process.exitCode = 1; // It goes on by itself when it only waits.
} finally {
  await producer.close();
}
