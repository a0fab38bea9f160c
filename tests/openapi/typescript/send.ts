// A client made from the document sends a message.
import createClient from 'openapi-fetch';
import type { paths } from './api.js';

const { BASE_URL, TOKEN, PHONE_NUMBER_ID } = process.env as Record<string, string>;
const client = createClient<paths>({ baseUrl: BASE_URL, headers: { Authorization: `Bearer ${TOKEN}` } });

const { data, error } = await client.POST('/v2/messages/send/text', {
  body: { phoneNumberId: PHONE_NUMBER_ID, to: '15551234567', text: 'Hello from TypeScript' },
});
const id: string | undefined = data?.data.messages[0]?.id;
if (!id?.startsWith('wamid.')) throw new Error(`not sent: ${error?.message}`);

const refused = await client.POST('/v2/messages/send/text', {
  body: { phoneNumberId: PHONE_NUMBER_ID, to: '15551234567', text: 'x'.repeat(5000) },
});
if (refused.error?.error !== 'VALIDATION_ERROR') throw new Error('a text that is too long was taken');
console.log(`TypeScript sent ${id}`);
