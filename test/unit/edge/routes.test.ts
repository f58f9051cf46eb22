import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Endpoints, type Endpoint } from '../../../src/edge/endpoint.ts'
import { RouteBook } from '../../../src/edge/route-book.ts'
import { RouteTable, type Route } from '../../../src/edge/routes.ts'
import { targetSet } from '../../../src/edge/balance.ts'
import { keyText } from '../../../src/registry/model.ts'
import { instanceAt } from '../../support/edge.ts'

function route(port: number, name = 'a'): Route {
  const key = { name, protocol: 'http' }
  return { direction: 'legacy-to-mesh', key, keyText: keyText(key), port, targets: targetSet([]) }
}

describe('RouteTable', () => {
  test('law: it is a map by port, and what was handed out does not change', () => {
    const edit = fc.record({ port: fc.integer({ min: 0, max: 65_535 }), put: fc.boolean() })
    fc.assert(
      fc.property(fc.array(edit), (edits) => {
        const model = new Map<number, Route>()
        let table = RouteTable.empty()
        for (const { port, put } of edits) {
          const before = table
          const was = before.at(port)
          const next = route(port)
          table = put ? table.with(next) : table.without(port)
          if (put) model.set(port, next)
          else model.delete(port)
          expect(before.at(port)).toBe(was)
          expect(table.version).toBe(before.version + (put || was ? 1 : 0))
        }
        expect(table.size).toBe(model.size)
        for (const [port, expected] of model) expect(table.at(port)).toBe(expected)
      }),
    )
  })

  test.each([-1, 65_536])('port %d has no route', (port) => {
    expect(RouteTable.empty().with(route(1)).at(port)).toBeUndefined()
  })

  test('20,000 services can come one by one', () => {
    const routes = Array.from({ length: 20_000 }, (_, n) => route(20_000 + n))
    let table = RouteTable.empty()
    for (const one of routes) table = table.with(one)
    expect(table).toMatchObject({ size: 20_000, version: 20_000 })
    expect(routes.filter((one) => table.at(one.port) !== one)).toEqual([])
  })
})

describe('RouteBook', () => {
  const offer = (ports: readonly number[], name = 'a') =>
    ({
      direction: 'legacy-to-mesh',
      key: { name, protocol: 'http' },
      endpoints: ports.map(instanceAt),
    }) as const

  function book(): { book: RouteBook; forgotten: Endpoint[]; former: number[] } {
    const forgotten: Endpoint[] = []
    const former: number[] = []
    const endpoints = new Endpoints((endpoint) => forgotten.push(endpoint))
    const formerEndpoints = (count: number): void => void former.push(count)
    const metrics = { routes: () => undefined, formerEndpoints }
    return { book: new RouteBook(endpoints, metrics), forgotten, former }
  }

  const endpointsAt = (routes: RouteBook, port: number): readonly Endpoint[] =>
    routes.table.at(port)?.targets.targets.map(({ endpoint }) => endpoint) ?? []

  test('the same again makes no new table', () => {
    const { book: routes } = book()
    routes.set(offer([1, 2]), 9)
    const { table } = routes
    routes.set(offer([1, 2]), 9)
    expect(routes.table).toBe(table)
  })

  test('an endpoint that stays keeps its load, one that goes is forgotten once', () => {
    const { book: routes, forgotten } = book()
    routes.set(offer([1, 2]), 9)
    const [stays, goes] = endpointsAt(routes, 9)
    routes.set(offer([1, 3]), 9)
    expect(endpointsAt(routes, 9)[0]).toBe(stays)
    expect(forgotten).toEqual([goes])
    routes.remove(9)
    expect(forgotten).toHaveLength(3)
    routes.remove(9)
    expect(forgotten).toHaveLength(3)
  })

  test('one that becomes a former one keeps its load, and is counted until it goes', () => {
    const { book: routes, forgotten, former } = book()
    routes.set(offer([1, 2]), 9)
    const [, second] = endpointsAt(routes, 9)
    const thinned = { ...offer([1]), former: [instanceAt(2)] }
    routes.set(thinned, 9)
    expect(routes.table.at(9)?.targets.targets).toEqual([
      expect.not.objectContaining({ former: true }),
      expect.objectContaining({ endpoint: second, former: true }),
    ])
    expect(endpointsAt(routes, 9)[1]).toBe(second)
    const { table } = routes
    routes.set(thinned, 9)
    expect(routes.table).toBe(table)
    routes.set(offer([1]), 9)
    expect(forgotten).toEqual([second])
    routes.set(thinned, 9)
    routes.remove(9)
    expect(former).toEqual([0, 1, 0, 1, 0])
  })

  test('two services at one address share its load, and it lives as long as either', () => {
    const { book: routes, forgotten } = book()
    routes.set(offer([1], 'a'), 8)
    routes.set(offer([1], 'b'), 9)
    expect(endpointsAt(routes, 8)[0]).toBe(endpointsAt(routes, 9)[0])
    routes.remove(8)
    expect(forgotten).toEqual([])
    routes.remove(9)
    expect(forgotten).toHaveLength(1)
  })
})
