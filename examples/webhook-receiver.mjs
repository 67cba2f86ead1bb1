// Receives pmnamecheap's events. Copy it into the billing system; it needs nothing but Node. Usage:
//   PMNAMECHEAP_WEBHOOK_SECRET=… PORT=8080 node examples/webhook-receiver.mjs
// and for the workers: PMNAMECHEAP_WEBHOOK_URL=http://127.0.0.1:8080/ with the same secret.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { PMNAMECHEAP_WEBHOOK_SECRET: secret = '', PORT = '8080' } = process.env;
if (secret.length < 16) throw new Error('set PMNAMECHEAP_WEBHOOK_SECRET, as the workers have it');

const LONGEST_BODY = 1_000_000;
const TOLERANCE_SECONDS = 300;

/** Whether the sender knows the secret and signed lately. The body must be the bytes received, not JSON written again. */
function isGenuine(headers, body) {
  const timestamp = headers['x-pmnamecheap-timestamp'] ?? '';
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const hash = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
  const [expected, given] = [`v1=${hash}`, headers['x-pmnamecheap-signature'] ?? ''].map((text) =>
    Buffer.from(text),
  );
  return expected.length === given.length && timingSafeEqual(expected, given);
}

// Events come at least once. A billing system keeps the ids in its database, in one transaction with what the event
// changes there; in memory, as here, they are forgotten at a restart.
const seen = new Set();

function take(event) {
  if (seen.has(event.id)) {
    process.stdout.write(`repeated ${event.id}\n`);
    return;
  }
  process.stdout.write(`${event.at} ${event.type} ${event.serviceId ?? '-'}\n`);
  seen.add(event.id);
}

const server = createServer(async (request, response) => {
  const answer = (status) => response.writeHead(status).end();
  try {
    const chunks = [];
    let length = 0;
    for await (const chunk of request) {
      length += chunk.length;
      if (length > LONGEST_BODY) return answer(413);
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    if (!isGenuine(request.headers, body)) return answer(401);
    take(JSON.parse(body.toString()));
    answer(204); // Only now: whatever is not confirmed comes again.
  } catch (error) {
    process.stderr.write(`${error.stack}\n`);
    answer(500);
  }
});
server.listen(Number(PORT), '127.0.0.1', () => process.stdout.write(`listens on 127.0.0.1:${PORT}\n`));
