import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { isthmus } from '../support/command.ts'

const example = (name: string): string => join(import.meta.dirname, '../../examples/spans', name)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-stitch-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const sortedById = (spans: readonly { id: string }[]): readonly object[] =>
  [...spans].sort((a, b) => (a.id < b.id ? -1 : 1))

describe('isthmus stitch', () => {
  test('a Zipkin file with 64-bit ids and a Jaeger file with 128-bit ids become one tree', async () => {
    const { code, stdout, stderr } = await isthmus(
      'stitch',
      example('zipkin.json'),
      example('jaeger.json'),
    )
    expect(code).toBe(0)
    expect(stderr).toBe('zipkin.json: zipkin-v2\njaeger.json: jaeger-ui\n')
    const [before = '', after = ''] = stdout.split('== after')
    expect(before.match(/^trace /gm)).toHaveLength(2)
    expect(before).toContain('1 without their parent')
    expect(after.match(/^trace /gm)).toHaveLength(1)
    expect(after).toContain('trace 4bf92f3577b34da6a3ce929d0e0e4736: 6 span(s)')
    expect(after).not.toContain('without their parent')
    expect(after).toMatch(/^ {12}└─ orders: SELECT orders/m)
  })

  test.each(['zipkin', 'jaeger', 'otlp'] as const)(
    'stitched as %s and taken apart again: the input is back',
    async (format) => {
      const stitched = await isthmus(
        'stitch',
        '--as',
        format,
        example('zipkin.json'),
        example('jaeger.json'),
      )
      const path = join(folder, `${format}.json`)
      await writeFile(path, stitched.stdout)
      const { stdout } = await isthmus('stitch', '--undo', '--as', 'zipkin', path)
      const spans = JSON.parse(stdout) as { id: string; traceId: string }[]
      const input = JSON.parse(await readFile(example('zipkin.json'), 'utf8')) as { id: string }[]
      const legacy = spans.filter(({ traceId }) => traceId.length === 16)
      expect(sortedById(legacy)).toEqual(sortedById(input))
      expect(spans).toHaveLength(6)
    },
  )

  test('what cannot be read is said, file by file', async () => {
    const path = join(folder, 'notes.txt')
    await writeFile(path, 'no spans here')
    const { code, stderr } = await isthmus('stitch', path)
    expect(code).toBe(1)
    expect(stderr).toContain('notes.txt: no span format that is known here')
    expect(stderr).toContain('[SPANS_INVALID]')
    const missing = await isthmus('stitch', join(folder, 'gone.json'))
    expect(missing.code).toBe(2)
    expect(missing.stderr).toContain('cannot be read')
  })
})
