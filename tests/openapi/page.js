// The page at /docs, in a browser: "Authorize" takes the token, "Try it out" sends, and nothing is
// asked of anybody else. A picture of it is left in docs.png.
import { strict as assert } from 'node:assert';
import { launch } from 'puppeteer-core';

const { BASE_URL, TOKEN, PHONE_NUMBER_ID, STAND_IN, CHROMIUM } = process.env;
const SEND = '.opblock:has([data-path="/v2/messages/send/text"])';

const browser = await launch({
  executablePath: CHROMIUM,
  // It has no sandbox of its own for root, and sees nothing but our page.
  args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  defaultViewport: { width: 1280, height: 1600 },
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(15_000);
  const elsewhere = [];
  const complaints = [];
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'data:' && origin !== BASE_URL) elsewhere.push(request.url());
  });
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));

  await page.goto(`${BASE_URL}/docs`);
  await page.waitForSelector(SEND);
  await page.screenshot({ path: 'docs.png' });

  await page.click('.btn.authorize');
  await page.waitForSelector('.auth-container');
  const ways = await page.$$('.auth-container');
  assert.equal(ways.length, 2, 'Authorization and X-API-Token');
  for (const way of ways) {
    await (await way.$('input')).type(TOKEN);
    await (await way.$('.authorize')).click();
    await way.waitForSelector('.btn:not(.authorize):not(.btn-done)');
  }
  await page.click('.auth-container .btn-done');

  await page.click(`${SEND} .opblock-summary-control`);
  await page.click(`${SEND} .try-out__btn`);
  const body = await page.$eval(`${SEND} textarea.body-param__text`, (area) => JSON.parse(area.value));
  assert.equal(body.phoneNumberId, PHONE_NUMBER_ID, 'the example is not of the sandbox');
  await page.click(`${SEND} .execute`);
  const live = `${SEND} .live-responses-table .response`;
  await page.waitForSelector(live);
  const status = await page.$eval(`${live} .response-col_status`, (cell) => cell.textContent);
  const shown = await page.$eval(`${live} .response-col_description`, (cell) => cell.textContent);
  assert.match(status, /^200/, shown);
  await page.$eval(SEND, (operation) => operation.scrollIntoView());
  await page.screenshot({ path: 'docs-sent.png' });

  const [wamid] = shown.match(/wamid\.[\w+/=-]+/) ?? assert.fail(`no wamid: ${shown}`);
  const sent = await fetch(new URL('/sandbox/messages', STAND_IN), { headers: { Authorization: 'Bearer sandbox-access-token' } });
  assert.ok((await sent.text()).includes(wamid), 'the message is not at Meta');

  assert.deepEqual(elsewhere, [], 'the page asks somebody else');
  assert.deepEqual(complaints, []);
  console.log(`the page sent ${wamid}, and asked nobody else`);
} finally {
  await browser.close();
}
