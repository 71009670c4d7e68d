import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { objectKey } from '../../engine/api/names.ts'
import { type ControlHandlers, serveControl } from '../../engine/daemon/control.ts'
import { connectDaemon, type ControlClient, ControlError } from '../../engine/daemon/controlClient.ts'
import type { SyncLine, SyncRequest } from '../../engine/daemon/controlMessages.ts'
import { initialSyncState } from '../../engine/daemon/syncState.ts'
import { temporaryFolder } from '../source/repositories.ts'

const STATE = initialSyncState({ repository: '/repo', path: '' }, '2026-01-01T00:00:00Z')
const ASKED: SyncRequest = {
  repository: '/repo',
  branch: 'main',
  path: 'apps',
  argv: ['--once'],
  terminal: { columns: 100, rows: 30 },
  stdoutIsTerminal: true,
}
const never = new AbortController().signal

async function serving(
  more: Partial<ControlHandlers> = {},
): Promise<{ path: string; client: ControlClient }> {
  const path = join(temporaryFolder(), 'run', 'engine.sock')
  const server = await serveControl(path, {
    state: () => STATE,
    sync: async () => undefined,
    approve: async (commit) => ({ kind: 'done', message: `approved ${commit}` }),
    suspend: async (object) => ({ kind: 'done', message: `suspended ${object}` }),
    resume: async (object) => ({ kind: 'refused', message: `${object} is not suspended` }),
    ...more,
  })
  onTestFinished(() => server[Symbol.asyncDispose]())
  const client = await connectDaemon(path)
  if (client === undefined) throw new Error('nobody listens')
  return { path, client }
}

test('a socket is root’s alone, and answers how the engine stands', async () => {
  const { client, path } = await serving()
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(await client.state()).toEqual(STATE)
})

test('where nobody listens there is no engine, also when one that was killed has left its socket', async () => {
  const folder = temporaryFolder()
  expect(await connectDaemon(join(folder, 'none.sock'))).toBeUndefined()
  writeFileSync(join(folder, 'left.sock'), '')
  expect(await connectDaemon(join(folder, 'left.sock'))).toBeUndefined()
})

test('an engine that takes the call and says nothing is given up', async () => {
  const path = join(temporaryFolder(), 'engine.sock')
  const server = createServer(() => undefined)
  await once(server.listen(path), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await expect(connectDaemon(path, 100)).rejects.toThrow(
    new ControlError(`the engine at ${path} has not answered within 0.1 s`),
  )
})

test('a new engine takes the place of a socket that was left behind', async () => {
  const path = join(temporaryFolder(), 'engine.sock')
  writeFileSync(path, '')
  await using _server = await serveControl(path, {
    state: () => STATE,
    sync: async () => undefined,
    approve: async () => ({ kind: 'refused', message: '' }),
    suspend: async () => ({ kind: 'refused', message: '' }),
    resume: async () => ({ kind: 'refused', message: '' }),
  })
  expect(await (await connectDaemon(path))?.state()).toEqual(STATE)
})

test('words are handed over and answered', async () => {
  const { client } = await serving({
    more: { 'POST /v1/node': async (body) => ({ kind: 'done', message: JSON.stringify(body) }) },
  })
  const web = objectKey('Deployment', 'shop', 'web')
  expect(await client.approve('abc')).toEqual({ kind: 'done', message: 'approved abc' })
  expect(await client.suspend(web)).toEqual({ kind: 'done', message: 'suspended Deployment/shop/web' })
  expect(await client.resume(web)).toEqual({
    kind: 'refused',
    message: 'Deployment/shop/web is not suspended',
  })
  expect(await client.ask('POST', '/v1/node', { node: 'a' })).toEqual({
    kind: 'done',
    message: '{"node":"a"}',
  })
})

test('what nobody answers, and what is no request, are errors in words', async () => {
  const { client } = await serving()
  await expect(client.ask('GET', '/v1/other')).rejects.toThrow(ControlError)
  await expect(client.ask('GET', '/v1/other')).rejects.toThrow('there is no GET /v1/other here')
  await expect(client.ask('POST', '/v1/approve', {})).rejects.toThrow('the request has no commit')
  await expect(client.ask('POST', '/v1/suspend', { object: 'web' })).rejects.toThrow('KIND/NAMESPACE/NAME')
})

test('a sync is told line by line, and the request arrives as it was sent', async () => {
  const heard: SyncRequest[] = []
  const { client } = await serving({
    sync: async (asked, tell) => {
      heard.push(asked)
      tell({ kind: 'write', to: 'stderr', text: 'one\n' })
      tell({ kind: 'end', exitStatus: 3 })
    },
  })
  const lines: SyncLine[] = []
  for await (const line of client.sync(ASKED, never)) lines.push(line)
  expect(heard).toEqual([ASKED])
  expect(lines).toEqual([
    { kind: 'write', to: 'stderr', text: 'one\n' },
    { kind: 'end', exitStatus: 3 },
  ])
})

test('an engine learns that whoever asked has gone', async () => {
  const gone = Promise.withResolvers<void>()
  const { client } = await serving({
    sync: async (_asked, tell, signal) => {
      signal.addEventListener('abort', () => gone.resolve())
      tell({ kind: 'write', to: 'stdout', text: 'begun' })
      await gone.promise
    },
  })
  const asking = new AbortController()
  const lines = client.sync(ASKED, asking.signal)[Symbol.asyncIterator]()
  expect((await lines.next()).value).toMatchObject({ text: 'begun' })
  asking.abort()
  await gone.promise
  await expect(lines.next()).rejects.toThrow(/abort/i)
})
