import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { httpGet } from '../../engine/reconciler/httpGet.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { createWorld } from '../simulation/loop/engine.ts'

const folder = mkdtempSync(join(tmpdir(), 'https-probe-'))
const key = join(folder, 'key.pem')
const cert = join(folder, 'cert.pem')

beforeAll(() => {
  const subject = ['-subj', '/CN=nobody.example', '-days', '1']
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, '-keyout', key, '-out', cert],
    {
      stdio: 'pipe',
    },
  )
})

afterAll(() => rmSync(folder, { recursive: true }))

test('an HTTPS probe takes any certificate, as the kubelet does', async () => {
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    response.writeHead(200).end(`served ${request.url}`)
  })
  const listening = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const { port } = address
  const { runtime } = connectTo(createWorld().node)
  const direct = { ...runtime, connect: async (host: string, at: number) => connect(at, host) }
  const target = {
    kind: 'http',
    scheme: 'HTTPS',
    host: '127.0.0.1',
    port,
    path: '/health',
    headers: [],
  } as const
  const answer = await httpGet(target, direct, new AbortController().signal)
  server.close()
  expect(answer).toEqual({ status: 200, message: 'HTTP probe answered 200: served /health' })
})
