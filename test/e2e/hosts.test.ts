import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { parseSshAddress } from '../../engine/transport/ssh/address.ts'
import { sshTransport } from '../../engine/transport/ssh/ssh.ts'
import type { Transport } from '../../engine/transport/transport.ts'
import { TransportError } from '../../engine/transport/transport.ts'
import { type Host, Hosts } from '../support/hosts/hosts.ts'

const made = new AsyncDisposableStack()
let hosts: Hosts

beforeAll(async () => {
  hosts = made.use(await Hosts.create(['one', 'two']))
})

afterAll(async () => await made.disposeAsync())

function transportTo(host: Host): Transport {
  const address = parseSshAddress(host.url)
  if (address === undefined) throw new Error(`${host.url} is no address`)
  const transport = sshTransport({
    address,
    control: hosts.keys.path('control/ssh'),
    environment: hosts.keys.environment,
  })
  onTestFinished(async () => await transport[Symbol.asyncDispose]())
  return transport
}

async function textOf(transport: Transport, path: string): Promise<string> {
  return new TextDecoder().decode(await transport.readFile(path)).trim()
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id'

test('a host has a name, a boot, processes and a disk of its own, and keeps the disk alone over a reboot', async () => {
  const [one, two] = [hosts.host('one'), hosts.host('two')]
  const [first, second] = [transportTo(one), transportTo(two)]
  const names = await Promise.all(
    [first, second].map(async (to) => (await to.run({ argv: ['hostname'] })).stdout),
  )
  expect(names).toEqual(['one\n', 'two\n'])
  const before = await textOf(first, BOOT_ID)
  expect(await textOf(second, BOOT_ID)).not.toBe(before)
  await first.writeFile(join(hosts.root, 'kept'), 'x', 0o600)
  await first.writeFile('/run/gone', 'x', 0o600)
  expect(await second.listDirectory(hosts.root)).toEqual([])
  expect(existsSync(join(hosts.root, 'kept'))).toBe(false)
  await one.reboot()
  const again = transportTo(one)
  expect(await textOf(again, BOOT_ID)).not.toBe(before)
  expect(await again.listDirectory(hosts.root)).toEqual(['kept'])
  expect(await again.stat('/run/gone')).toBeUndefined()
  // The connection from before the reboot is found to be gone, if not known so already, and then there is another one.
  const asked = async () => await first.run({ argv: ['hostname'] }).catch(() => undefined)
  expect(((await asked()) ?? (await asked()))?.stdout).toBe('one\n')
})

test('what was under way on a line that is cut is told of, and a lock that was held over it is free again though nobody could say so', async () => {
  const host = hosts.host('two')
  const transport = transportTo(host)
  const path = join(hosts.root, 'lock')
  const lock = await transport.lock(path, 'first')
  const lost = new Promise((resolve) => {
    lock?.lost.addEventListener('abort', resolve)
  })
  const waiting = transport.run({ argv: ['sleep', '600'], timeoutMs: 600_000 })
  host.cut()
  await expect(waiting).rejects.toThrow(TransportError)
  await lost
  host.mend()
  const next = transportTo(host)
  let held = await next.lock(path, 'second')
  while (held === undefined) {
    await next.run({ argv: ['sleep', '0.5'] })
    held = await next.lock(path, 'second')
  }
  expect(readFileSync(join(host.folder, 'disk/root/lock'), 'utf8')).toBe('second')
  await held[Symbol.asyncDispose]()
  await next.run({ argv: ['pkill', '-x', 'sleep'] })
}, 120_000)
