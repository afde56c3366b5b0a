// A real browser, headless: node browser.mjs URL [SCREENSHOT.png]   signs in as alice at oidc-provider and consents, and
// prints the title of the page where that ends. CHROMIUM=path of the browser.
import { chromium } from 'playwright-core';

const [url, screenshot] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 900, height: 600 } });
  const page = await context.newPage();
  const broken = []; // by the page's own policy, or missing
  page.on('console', (m) => { if (m.type() === 'error' && /:\d+\/cb/.test(m.location().url)) broken.push(m.text()); });
  await page.goto(url);
  await page.fill('input[name=login]', 'alice');
  await page.fill('input[name=password]', 'x');
  await page.click('button[type=submit]');
  await page.click('button[type=submit]'); // consent
  await page.waitForURL(/127\.0\.0\.1:\d+\/cb|\[::1\]:\d+\/cb/);
  await page.waitForLoadState();
  if (screenshot) await page.screenshot({ path: screenshot });
  const h1 = page.locator('h1');
  console.log(await h1.textContent());
  for (const text of broken) console.log(`error: ${text}`);
} finally {
  await browser.close();
}
