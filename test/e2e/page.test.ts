import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { openBrowser } from '../support/browser.ts'
import { startIsthmus } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'

/** The page as a person sees it: a real browser on the demonstration. */
const life = new Lifetime()
let browser: Browser
let page: Page
const faults: string[] = []

beforeAll(async () => {
  const demo = life.use(startIsthmus('demo'))
  const url = await eventually(
    'the page is announced',
    () => /^the page: (\S+)$/m.exec(demo.stdout())?.[1],
    90_000,
  )
  browser = await openBrowser()
  life.defer(() => browser.close())
  page = await browser.newPage()
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  await page.goto(url)
}, 120_000)
afterAll(() => life[Symbol.asyncDispose](), 60_000)

describe('the page', () => {
  test('lists the chain with its services and crossings', async () => {
    const row = page.locator('#chains tbody tr').first()
    await row.waitFor()
    const cells = await row.locator('td').allTextContents()
    expect(cells[0]).toBe('storefront: get')
    for (const name of ['storefront', 'orders', 'inventory', 'pricing', 'isthmus-gateway']) {
      expect(cells[2]).toContain(name)
    }
    expect(cells.slice(3, 5)).toEqual(['13', '3'])
  })

  test('draws it as a waterfall with the crossings marked', async () => {
    await page.locator('#chains a').first().click()
    await page.locator('#waterfall').waitFor()
    expect(await page.locator('#waterfall tr.span').count()).toBe(13)
    expect(await page.locator('#waterfall tr.crossing').count()).toBe(6)
    const badges = await page.locator('#waterfall .badge').allTextContents()
    expect(new Set(badges)).toEqual(new Set(['legacy to mesh', 'mesh to legacy']))
    const root = await page.locator('#waterfall .bar').first().boundingBox()
    const track = await page.locator('#waterfall .track').first().boundingBox()
    expect(track?.width).toBeGreaterThan(300)
    expect(root?.width).toBeCloseTo(track?.width ?? 0, 0)
  })

  test('shows what a span carries when it is clicked', async () => {
    const details = page.locator('#waterfall tr.details').first()
    expect(await details.isVisible()).toBe(false)
    await page.locator('#waterfall tr.span').first().click()
    expect(await details.textContent()).toContain('span id')
    expect(await details.isVisible()).toBe(true)
  })

  test('an id that nobody stored is said, not drawn', async () => {
    await page.locator('input[name=id]').fill('beef')
    await page.locator('#open button').click()
    await page.locator('[role=alert]').waitFor()
    expect(await page.locator('[role=alert]').textContent()).toContain('beef not found')
  })

  test('nothing failed on the way but the answer to that id', () => {
    expect(faults.filter((fault) => !fault.includes('404'))).toEqual([])
  })
})
