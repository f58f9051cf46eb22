import chromium from '@sparticuz/chromium'
import { chromium as playwright, type Browser } from 'playwright-core'

/** A real, headless browser out of an npm package: nothing has to be installed on the machine. */
export async function openBrowser(): Promise<Browser> {
  return await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...chromium.args, '--disable-quic', '--no-first-run', '--disable-background-networking'],
    headless: true,
  })
}
