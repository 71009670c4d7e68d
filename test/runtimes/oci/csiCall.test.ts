import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { callDriver } from '../../../engine/runtimes/oci/volumes/csi/call.ts'
import { localTransport } from '../../../engine/transport/local.ts'
import { answered, refused, type Reply, startGrpcServer } from '../../support/grpc.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reconcile-csi-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function call(reply: Reply): Promise<Uint8Array> {
  const path = join(folder, 'csi.sock')
  await using _server = await startGrpcServer({ path }, reply)
  return await callDriver(localTransport(), path, 'csi.v1.Identity/GetPluginInfo', new Uint8Array())
}

test('what a driver answers is its message, and a long one whole', async () => {
  const message = Buffer.alloc(1024 * 1024, 7)
  expect(message.equals(await call(answered(message)))).toBe(true)
})

test('an answer that is longer than is taken is said, and never cut off', async () => {
  await expect(call(answered(Buffer.alloc(1024 * 1024 + 1)))).rejects.toThrow(
    'csi.v1.Identity/GetPluginInfo: the server answered with more than 1048576 bytes',
  )
})

test('a refusal is told in the words of Kubernetes’ events', async () => {
  await expect(call(refused('5', 'no%20such%20volume'))).rejects.toThrow(
    'rpc error: code = NotFound desc = no such volume',
  )
  await expect(call((stream) => stream.respond({ ':status': 404 }, { endStream: true }))).rejects.toThrow(
    'rpc error: code = Unknown desc = the server answered as no gRPC server does, with HTTP status 404',
  )
})
