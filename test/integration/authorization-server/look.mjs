// A page in a real browser, headless: node look.mjs URL SCREENSHOT.png light|dark WIDTH SECONDS   photographs it and prints its
// text and what the browser complained about. CHROMIUM=path of the browser.
import { chromium } from 'playwright-core';

const [url, screenshot, colorScheme, width, seconds] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage({ colorScheme, viewport: { width: Number(width), height: 720 } });
  page.on('console', (m) => { if (m.type() === 'error') console.log(`error: ${m.text()}`); });
  page.on('pageerror', (e) => console.log(`error: ${e.message}`));
  await page.goto(url);
  await page.waitForTimeout(Number(seconds) * 1000);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > Number(width)) console.log(`error: the page is ${wide} wide`);
  await page.screenshot({ path: screenshot, fullPage: true });
  console.log(await page.locator('body').innerText());
} finally {
  await browser.close();
}
