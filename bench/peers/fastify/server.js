// `POST /v2/messages/send/text` in Node: the token, the number and the fields are checked, the payload is built, Graph is
// asked, and its answer is put into the envelope. Nothing is recorded and nothing is logged.

const { createHash } = require('node:crypto');
const fastify = require('fastify');
const { Pool } = require('undici');

const { PORT, UPSTREAM, TOKEN } = process.env;
const NUMBER = '106540352242922';

const graph = new Pool(UPSTREAM, { connections: 256, pipelining: 1 });
const digest = (token) => createHash('sha256').update(token).digest('hex');
const accounts = new Map([
  [digest(TOKEN), { plan: 'Premium', ends: Date.UTC(2099, 11, 31), numbers: new Set([NUMBER]), metaToken: 'EAAG-bench-token' }],
]);

const failure = (error, message) => ({ success: false, error, message });

const schema = {
  body: {
    type: 'object',
    required: ['phoneNumberId', 'to', 'text'],
    properties: {
      phoneNumberId: { type: 'string', minLength: 1 },
      to: { type: 'string', minLength: 1 },
      text: { type: 'string', minLength: 1, maxLength: 4096 },
      previewUrl: { type: 'boolean' },
      contextMessageWamid: { type: 'string' },
    },
  },
};

const app = fastify({ logger: false });

app.addHook('onRequest', async (request, reply) => {
  const shown = /^bearer (.+)$/i.exec(request.headers.authorization ?? '');
  const account = shown && accounts.get(digest(shown[1]));
  if (!account) return reply.code(401).send(failure('UNAUTHORIZED', 'Invalid API token'));
  if (account.ends < Date.now()) return reply.code(403).send(failure('PLAN_EXPIRED', 'Your plan has expired'));
  request.account = account;
});

app.post('/v2/messages/send/text', { schema }, async (request, reply) => {
  const { phoneNumberId, to, text, previewUrl, contextMessageWamid } = request.body;
  if (!request.account.numbers.has(phoneNumberId)) {
    return reply.code(403).send(failure('FORBIDDEN', 'phoneNumberId does not belong to this account'));
  }
  const digits = to.replace(/[^0-9]/g, '');
  if (digits.length < 1 || digits.length > 20) return reply.code(400).send(failure('VALIDATION_ERROR', 'Validation failed'));
  const message = { messaging_product: 'whatsapp', recipient_type: 'individual', to: digits };
  if (contextMessageWamid) message.context = { message_id: contextMessageWamid };
  message.type = 'text';
  message.text = previewUrl === undefined ? { body: text } : { body: text, preview_url: previewUrl };
  const { statusCode, body } = await graph.request({
    method: 'POST',
    path: `/v23.0/${phoneNumberId}/messages`,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${request.account.metaToken}` },
    body: JSON.stringify(message),
  });
  const answer = await body.text();
  if (statusCode !== 200) return reply.code(500).send(failure('INTERNAL_ERROR', 'WhatsApp API request failed'));
  return reply.type('application/json').send(`{"success":true,"data":${answer}}`);
});

app.listen({ port: Number(PORT), host: '127.0.0.1' });
