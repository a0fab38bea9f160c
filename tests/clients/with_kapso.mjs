// @kapso/whatsapp-cloud-api: every call that it has.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { WhatsAppClient, TemplateDefinition, buildTemplateSendPayload } from '@kapso/whatsapp-cloud-api';

const { BASE_URL, TOKEN, PHONE_NUMBER_ID: phoneNumberId, WABA_ID: businessAccountId } = process.env;
const client = new WhatsAppClient({ baseUrl: BASE_URL, accessToken: TOKEN });

const here = { phoneNumberId };
const base = { phoneNumberId, to: '15551234567' };
const flowId = '594425479261596';
const link = 'https://example.com/';
const messageId = 'wamid.HBgLMTU1NTEyMzQ1Njc=';
const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(40)]);

const called = new Set();
const sent = [];
let calls = 0;
let refusals = 0;

// What is offered as `resource.method`, such as `messages.sendText`.
const method = (name) => name.split('.').reduce(([, at], part) => [at, at[part]], [null, client]);

async function call(name, input) {
  called.add(name);
  const [resource, run] = method(name);
  const answer = await run.call(resource, input).catch((error) => assert.fail(`${name}: ${error}`));
  calls += 1;
  return answer;
}

async function send(name, kind, input) {
  const answer = await call(`messages.${name}`, { ...base, ...input });
  sent.push([kind, answer.messages[0].id]);
}

// Not offered here, and refused as Meta refuses.
async function refused(status, code, name, input) {
  called.add(name);
  const [resource, run] = method(name);
  await assert.rejects(run.call(resource, input), (error) => {
    assert.deepEqual([error.httpStatus, error.code, error.type], [status, code, 'OAuthException'], name);
    return Boolean(error.fbtraceId);
  }, name);
  refusals += 1;
}

async function messages() {
  const image = { link: `${link}a.png` };
  await send('sendText', 'text', { body: 'Hello', previewUrl: true });
  await send('sendText', 'text', { body: 'A reply', contextMessageId: messageId, bizOpaqueCallbackData: 'order 1' });
  await send('sendImage', 'media', { image: { ...image, caption: 'By its link' } });
  await send('sendAudio', 'media', { audio: { link: `${link}a.ogg`, voice: true } });
  await send('sendVideo', 'media', { video: { link: `${link}a.mp4`, caption: 'A film' } });
  await send('sendDocument', 'media', { document: { link: `${link}a.pdf`, filename: 'a.pdf' } });
  await send('sendSticker', 'sticker', { sticker: { link: `${link}a.webp` } });
  await send('sendLocation', 'location', { location: { latitude: 52.5, longitude: 13.4, name: 'Here', address: 'Street 1' } });
  const name = { formattedName: 'Ada L', firstName: 'Ada' };
  await send('sendContacts', 'contacts', { contacts: [{ name, phones: [{ phone: '15551234567', waId: '15551234567' }] }] });
  await send('sendReaction', 'reaction', { reaction: { messageId, emoji: '👍' } });
  await send('sendRaw', 'text', { payload: { messagingProduct: 'whatsapp', to: base.to, text: { body: 'By hand' } } });
  assert.deepEqual(await call('messages.markRead', { ...here, messageId }), { success: true });
  const typing = { ...here, messageId, typingIndicator: { type: 'text' } };
  assert.deepEqual(await call('messages.markRead', typing), { success: true });
}

async function interactive() {
  const header = { type: 'text', text: 'Head' };
  const texts = { bodyText: 'Body', footerText: 'Foot' };
  const button = { id: 'y', title: 'Yes' };
  const row = { id: '1', title: 'One', description: 'The first' };
  const products = [{ title: 'All', productItems: [{ productRetailerId: 'a' }] }];
  const card = (cardIndex) => ({
    cardIndex, header: { type: 'image', image: { link: `${link}a.png` } }, bodyText: 'Card', action: { displayText: 'Look', url: link },
  });
  await send('sendInteractiveButtons', 'interactive/button', { ...texts, header, buttons: [button] });
  await send('sendInteractiveList', 'interactive/list', { ...texts, header, buttonText: 'Choose', sections: [{ title: 'All', rows: [row] }] });
  await send('sendInteractiveProduct', 'interactive/product', { ...texts, catalogId: '1', productRetailerId: 'a' });
  await send('sendInteractiveProductList', 'interactive/product-list', { ...texts, header, catalogId: '1', sections: products });
  await send('sendInteractiveFlow', 'interactive/flow', { ...texts, parameters: { flowId, flowCta: 'Open', flowAction: 'navigate', flowActionPayload: { screen: 'A' } } });
  await send('sendInteractiveAddress', 'interactive/address', { bodyText: 'Where to?', parameters: { country: 'IN' } });
  await send('sendInteractiveCtaUrl', 'interactive/cta-url', { ...texts, parameters: { displayText: 'Look', url: link } });
  await send('sendInteractiveCarousel', 'interactive/media-carousel', { bodyText: 'Cards', cards: [card(0), card(1)] });
  await send('sendInteractiveCatalogMessage', 'interactive/catalog-message', { bodyText: 'All', parameters: { thumbnailProductRetailerId: 'a' } });
  const raw = { type: 'location_request_message', body: { text: 'Where?' }, action: { name: 'send_location' } };
  await send('sendInteractiveRaw', 'interactive/location-request', { interactive: raw });
}

async function media() {
  const { id: mediaId } = await call('media.upload', { ...here, type: 'image/png', file: new Blob([png], { type: 'image/png' }), fileName: 'a.png' });
  await send('sendImage', 'media', { image: { id: mediaId } });
  const about = await call('media.get', { mediaId, phoneNumberId });
  assert.ok(about.url.startsWith(BASE_URL), about.url);
  // Left to itself the library shows its token to Meta's hosts alone.
  assert.deepEqual(Buffer.from(await call('media.download', { mediaId, auth: 'always' })), png);
  assert.deepEqual(await call('media.delete', { mediaId }), { success: true });
  await refused(400, 100, 'media.get', { mediaId });
}

async function templates() {
  const language = 'en_US';
  await send('sendTemplate', 'template', { template: { name: 'hello_world', language: { code: language } } });
  const parameters = ['Ada', '1', 'today'].map((text) => ({ type: 'text', text }));
  const url = { type: 'button', subType: 'url', index: 0, parameters: [{ type: 'text', text: '1' }] };
  const template = buildTemplateSendPayload({ name: 'order_shipped', language, body: parameters, buttons: [url] });
  await send('sendTemplate', 'template', { template });
  const definition = TemplateDefinition.buildTemplateDefinition({
    name: 'made_by_kapso', category: 'UTILITY', language, components: [{ type: 'BODY', text: 'All is well' }],
  });
  assert.ok((await call('templates.create', { businessAccountId, ...definition })).id);
  const found = await call('templates.list', { businessAccountId, name: 'made_by_kapso', status: 'APPROVED' });
  assert.deepEqual(found.data.map((row) => row.name), ['made_by_kapso']);
  const page = await call('templates.list', { businessAccountId, limit: 2 });
  const next = await call('templates.list', { businessAccountId, limit: 2, after: page.paging.cursors.after });
  assert.notEqual(next.data[0].id, page.data[0].id);
  assert.ok((await call('fetch', page.paging.next)).ok);
  assert.deepEqual(await call('templates.delete', { businessAccountId, name: 'made_by_kapso' }), { success: true });
}

async function account() {
  const flows = await call('flows.list', { wabaId: businessAccountId, limit: 3 });
  assert.equal(flows.data.length, 3);
  assert.equal((await call('flows.get', { flowId, fields: 'id,name' })).name, 'feedback');
  assert.ok((await call('flows.preview', { flowId, interactive: true })).preview.previewUrl);
  assert.deepEqual(await call('phoneNumbers.businessProfile.update', { ...here, about: 'Pots', websites: [link] }), { success: true });
  const profile = await call('phoneNumbers.businessProfile.get', { ...here, fields: 'about,websites' });
  assert.equal(profile.data[0].about, 'Pots');
}

async function outside() {
  // Registration, the settings of a number and calls are the operator's, not a caller's.
  await refused(404, 2500, 'phoneNumbers.requestCode', { ...here, codeMethod: 'SMS', language: 'en' });
  await refused(404, 2500, 'phoneNumbers.verifyCode', { ...here, code: '123456' });
  await refused(404, 2500, 'phoneNumbers.register', { ...here, pin: '123456' });
  await refused(404, 2500, 'phoneNumbers.deregister', here);
  await refused(404, 2500, 'phoneNumbers.settings.get', here);
  await refused(404, 2500, 'phoneNumbers.settings.update', { ...here, fallbackLanguage: 'en' });
  const session = { sdpType: 'offer', sdp: 'v=0' };
  await refused(404, 2500, 'calls.connect', { ...here, to: base.to, session });
  for (const name of ['preAccept', 'accept', 'reject', 'terminate']) {
    await refused(404, 2500, `calls.${name}`, { ...here, callId: '1', session });
  }
  await refused(404, 2500, 'calls.permissions.get', { ...here, userWaId: base.to });
  // Forms are made in Meta's own tools; only those that are there are listed and sent.
  const flowJson = { version: '7.0', screens: [] };
  await refused(405, 2500, 'flows.create', { wabaId: businessAccountId, name: 'a', flowJson });
  await refused(404, 2500, 'flows.updateAsset', { flowId, json: flowJson });
  await refused(404, 2500, 'flows.publish', { flowId });
  await refused(404, 2500, 'flows.deprecate', { flowId });
  // These two go up, and are refused there: the library adds members that Meta does not know.
  await refused(400, 100, 'messages.sendInteractiveLocationRequest', { ...base, bodyText: 'Where?', parameters: { requestMessage: 'Where?' } });
  await refused(400, 100, 'messages.sendInteractiveCallPermission', { ...base, bodyText: 'May we call?', parameters: { phoneNumber: base.to } });
  // No such path at Meta either: Kapso's own proxy has it.
  await refused(404, 2500, 'templates.get', { businessAccountId, templateId: '1' });
}

// Each message gets a record, a moment after its answer, and the record says the same of it.
async function recorded() {
  const until = Date.now() + 10_000;
  for (const [kind, wamid] of sent) {
    let answer;
    do {
      answer = await fetch(`${BASE_URL}/v2/messages/${wamid}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    } while (!answer.ok && Date.now() < until);
    assert.equal((await answer.json()).data?.kind, kind, wamid);
  }
}

// Every method of every resource was called, but for what the library itself keeps for Kapso's proxy.
function complete() {
  const never = /^(conversations|contacts)\.|^messages\.(query|get|listByConversation)$|^calls\.(list|get)$|^flows\.(deploy|buildCacheKey|__.*)$/;
  const all = (resource, path) => {
    const of = Object.getPrototypeOf(resource);
    const names = [...Object.keys(resource), ...(of === Object.prototype ? [] : Object.getOwnPropertyNames(of))];
    return names.filter((name) => name !== 'constructor' && name !== 'client').flatMap((name) => {
      if (typeof resource[name] === 'function') return [`${path}${name}`];
      return ['settings', 'businessProfile', 'permissions'].includes(name) ? all(resource[name], `${path}${name}.`) : [];
    });
  };
  const resources = ['messages', 'media', 'templates', 'phoneNumbers', 'calls', 'conversations', 'contacts', 'flows'];
  const methods = resources.flatMap((name) => all(client[name], `${name}.`));
  const forgotten = methods.filter((name) => !called.has(name) && !never.test(name));
  assert.deepEqual(forgotten, [], 'never called');
}

for (const part of [messages, interactive, media, templates, account, outside, recorded]) await part();
complete();
const { version } = JSON.parse(readFileSync('node_modules/@kapso/whatsapp-cloud-api/package.json'));
console.log(`@kapso/whatsapp-cloud-api ${version}: ${calls} calls, ${refusals} others refused as Meta refuses`);
