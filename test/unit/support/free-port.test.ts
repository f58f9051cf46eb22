import { expect, test } from '@jest/globals'
import { freePorts } from '../../support/servers/free-port.ts'

test('no port is given twice: the first to have it may not listen yet', async () => {
  const ports: number[] = []
  for (let n = 0; n < 300; n += 1) ports.push(...(await freePorts(1)))
  expect(new Set(ports).size).toBe(300)
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(10_000)
    expect(port).toBeLessThan(19_800)
  }
})
