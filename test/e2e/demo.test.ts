import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { isthmus, startIsthmus } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { fetch } from '../support/fetch.ts'

// A temporary folder for this file alone: other tests run demonstrations at the same time.
let temporary: string
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'isthmus-demo-test-'))
  process.env['TMPDIR'] = temporary
})
afterAll(() => rm(temporary, { recursive: true, force: true }))

const leftovers = (): Promise<readonly string[]> => readdir(temporary)

const START_MS = 90_000

test(
  'demo --once shows what crossed and ends by itself, leaving nothing behind',
  async () => {
    const { code, stdout, stderr } = await isthmus('demo', '--once')
    expect(stderr).toBe('')
    expect(code).toBe(0)

    const [, bridged = '', crossings = '', tree = ''] = stdout.split(/^== .*$/m)
    // each side finds the other's services
    expect(bridged).toMatch(/legacy registry\n(?:.*\n)*?\s+orders\s+127\.0\.0\.1:\d+/)
    expect(bridged).toMatch(/mesh registry\n(?:.*\n)*?\s+inventory\s+127\.0\.0\.1:\d+/)
    // B3 goes in, W3C and Jaeger come out, of one and the same trace
    const [, sent = ''] =
      /storefront \(legacy\) -> orders \(mesh\)\n\s+sent\s+x-b3-traceid: (\w+)/.exec(crossings) ??
      []
    expect(sent).toMatch(/^[0-9a-f]{16}$/)
    expect(crossings).toMatch(
      new RegExp(`received\\s+(?:\\S+: .*\\n\\s+)*?traceparent: 00-0{16}${sent}-`),
    )
    // one tree holds all four services and the gateway
    for (const service of ['storefront', 'orders', 'inventory', 'pricing', 'isthmus-gateway']) {
      expect(tree).toContain(service)
    }
    const [head, ...roots] = tree.split('\n').filter((line) => /^[^\s│├└]/.test(line))
    expect(head).toContain('from jaeger, zipkin')
    expect(roots).toEqual([expect.stringMatching(/^storefront: get\s+server/)])
    expect(await leftovers()).toEqual([])
  },
  START_MS,
)

test(
  'demo serves the page until it is stopped',
  async () => {
    await using demo = startIsthmus('demo')
    const url = await eventually(
      'the page is announced',
      () => /http:\/\/127\.0\.0\.1:\d+\/?$/m.exec(demo.stdout())?.[0],
      START_MS,
    )
    const page = await fetch(url)
    expect(await page.text()).toContain('<title>Isthmus')
    const services = await fetch(new URL('/api/v2/services', url))
    expect(await services.json()).toEqual(
      expect.arrayContaining(['inventory', 'orders', 'pricing', 'storefront']),
    )
    expect(await demo.stop()).toBe(0)
  },
  START_MS,
)

test(
  'sample services end with the demonstration, also when it is killed',
  async () => {
    const demo = startIsthmus('demo')
    const urls = await eventually(
      'the services are announced',
      () => /^the services: (.*)$/m.exec(demo.stdout())?.[1]?.match(/http:\S+\d/g) ?? undefined,
      START_MS,
    )
    expect(urls).toHaveLength(4)
    await demo.kill() // also waits until nobody holds its output any more
    const answers = await Promise.allSettled(urls.map((url) => fetch(url)))
    expect(answers.map(({ status }) => status)).toEqual(urls.map(() => 'rejected'))
  },
  START_MS,
)
