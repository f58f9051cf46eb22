import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ConsulHttp } from '../../../../adapters/connections/consul/http.ts'
import { TokenFile } from '../../../../adapters/connections/consul/token.ts'
import { scriptedServer } from '../../../support/scripted-server.ts'

const NEVER = new AbortController().signal

interface Secret extends AsyncDisposable {
  readonly path: string
  write(text: string): Promise<void>
}

async function secret(): Promise<Secret> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-token-'))
  const path = join(folder, 'token')
  return {
    path,
    write: async (text) => {
      await writeFile(`${path}.next`, text)
      await rename(`${path}.next`, path)
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

test('a token is the text of its file without the white space around it', async () => {
  await using file = await secret()
  await file.write('  first\n')
  expect(await new TokenFile(file.path).current()).toBe('first')
})

test('a refusal has the file read again, also within the same second', async () => {
  await using file = await secret()
  await file.write('first')
  const token = new TokenFile(file.path)
  expect(await token.current()).toBe('first')
  await file.write('second')
  token.refused()
  expect(await token.current()).toBe('second')
})

test.each([
  ['is taken away', (file: Secret) => rm(file.path)],
  ['is empty for a moment', (file: Secret) => file.write('')],
])('the last token is kept when the file %s', async (_, happens) => {
  await using file = await secret()
  await file.write('first')
  const token = new TokenFile(file.path)
  await token.current()
  await happens(file)
  token.refused()
  expect(await token.current()).toBe('first')
})

test.each([
  ['is not there', () => Promise.resolve(), 'ENOENT'],
  ['is empty', (file: Secret) => file.write('\n'), 'it is empty'],
])('a file that %s is named, and asked for again', async (_, prepare, reason) => {
  await using file = await secret()
  await prepare(file)
  const token = new TokenFile(file.path)
  const failure = {
    code: 'REGISTRY_UNAVAILABLE',
    retry: true,
    details: { path: file.path, reason },
  }
  await expect(token.current()).rejects.toMatchObject(failure)
  await file.write('late')
  expect(await token.current()).toBe('late')
})

test('each request carries the token of its moment', async () => {
  await using file = await secret()
  await file.write('first')
  const seen: (string | string[] | undefined)[] = []
  await using server = await scriptedServer(({ headers }) => {
    const token = headers['x-consul-token']
    seen.push(token)
    return token === 'second' ? { body: '{}' } : { status: 403, body: 'ACL not found' }
  })
  const options = { url: server.address, tokenFile: file.path, blockingConnections: 1 }
  await using http = new ConsulHttp(options)
  const refused = { code: 'REGISTRY_REFUSED', retry: true }
  await expect(http.get('/catalog/services', {}, NEVER)).rejects.toMatchObject(refused)
  expect(seen).toEqual(['first'])
  await file.write('second')
  expect(await http.get('/catalog/services', {}, NEVER)).toMatchObject({ text: '{}' })
})

test('a token that was replaced while the last one still counts is tried at once', async () => {
  await using file = await secret()
  await file.write('first')
  let good = 'first'
  await using server = await scriptedServer(({ headers }) =>
    headers['x-consul-token'] === good ? { body: '{}' } : { status: 403, body: 'ACL not found' },
  )
  const options = { url: server.address, tokenFile: file.path, blockingConnections: 1 }
  await using http = new ConsulHttp(options)
  await http.get('/catalog/services', {}, NEVER)
  good = 'second'
  await file.write(good)
  await http.get('/catalog/services', {}, NEVER)
  expect(server.asked).toHaveLength(3)
})
