import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parseConfig } from '../../../src/config/load.ts'

const folder = new URL('../../../examples/', import.meta.url)
const examples = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
)

test('there are examples to try', () => {
  expect(examples).toContain('zookeeper-consul.yaml')
})

test.each(examples)('examples/%s is a valid configuration with nothing set', (name) => {
  const config = parseConfig(readFileSync(new URL(name, folder), 'utf8'), {
    env: {},
    readFile: () => 'secret',
  })
  expect(config.gateway ?? config.convert ?? config.query).toBeDefined()
})
