import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { parseSshAddress } from '../../engine/transport/ssh/address.ts'
import { sshTransport } from '../../engine/transport/ssh/ssh.ts'
import { whyText } from '../../engine/transport/ssh/why.ts'
import { TransportError } from '../../engine/transport/transport.ts'
import { SshKeys, type SshServer, startSshd } from '../support/sshd.ts'

const opened = new AsyncDisposableStack()
let keys: SshKeys
let server: SshServer

beforeAll(async () => {
  keys = opened.use(new SshKeys())
  server = opened.use(await startSshd(keys))
})

afterAll(async () => await opened.disposeAsync())

function transportTo(url: string, more: { readonly answerTimeoutMs?: number } = {}) {
  const address = parseSshAddress(url)
  if (address === undefined) throw new Error(`${url} is no address`)
  const transport = sshTransport({
    address,
    control: keys.path('control/ssh'),
    environment: keys.environment,
    ...more,
  })
  onTestFinished(async () => await transport[Symbol.asyncDispose]())
  return transport
}

test('an address is taken apart, and what would be an option of ssh is none', () => {
  expect(parseSshAddress('ssh://ops@192.0.2.11:2222')).toMatchObject({
    user: 'ops',
    host: '192.0.2.11',
    port: 2222,
  })
  expect(parseSshAddress('ssh://ops@[2001:db8::1]')).toEqual({
    text: 'ssh://ops@[2001:db8::1]',
    user: 'ops',
    host: '2001:db8::1',
  })
  expect(parseSshAddress('ssh://rack-1')).toEqual({ text: 'ssh://rack-1', host: 'rack-1' })
  for (const text of [
    'ssh://-oProxyCommand=id',
    'ssh://-x@a',
    'ssh://a b',
    'ssh://a:0',
    'ssh://a:70000',
    'ssh://a/b',
  ])
    expect(parseSshAddress(text)).toBeUndefined()
})

test('many commands at once need one connection, and one session on it', async () => {
  const transport = transportTo(server.url)
  const all = Array.from({ length: 200 }, (_, index) => String(index))
  const results = await Promise.all(all.map(async (text) => await transport.run({ argv: ['echo', text] })))
  expect(results.map(({ stdout }) => stdout.trim())).toEqual(all)
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(server.pid)], { encoding: 'utf8' })
  expect(children.trim().split('\n')).toHaveLength(1)
})

test('a host whose key is not known, or is another one, is refused with what to do about it', async () => {
  const known = readFileSync(keys.knownHosts, 'utf8')
  onTestFinished(() => writeFileSync(keys.knownHosts, known))
  writeFileSync(keys.knownHosts, '')
  const unknown = transportTo(server.url).run({ argv: ['true'] })
  await expect(unknown).rejects.toThrow(TransportError)
  await expect(unknown).rejects.toThrow(`ssh-keyscan -p ${server.port} 127.0.0.1`)
  const other = readFileSync(keys.path('user.pub'), 'utf8')
  writeFileSync(keys.knownHosts, `[127.0.0.1]:${server.port} ${other}`)
  await expect(transportTo(server.url).run({ argv: ['true'] })).rejects.toThrow(
    `ssh-keygen -R '[127.0.0.1]:${server.port}' forgets the old key`,
  )
})

test('an account that takes no key of ours, and a host where nobody listens, are told apart', async () => {
  const authorized = readFileSync(keys.path('user.pub'), 'utf8')
  onTestFinished(() => writeFileSync(keys.path('user.pub'), authorized))
  writeFileSync(keys.path('user.pub'), '')
  await expect(transportTo(server.url).run({ argv: ['true'] })).rejects.toThrow(
    `ssh-copy-id -p ${server.port} root@127.0.0.1 puts one there`,
  )
  await expect(transportTo('ssh://root@127.0.0.1:1').run({ argv: ['true'] })).rejects.toThrow(
    'connecting to ssh://root@127.0.0.1:1: ssh: connect to host 127.0.0.1 port 1: Connection refused',
  )
})

test("a host may be an alias of the user's configuration, behind another host", async () => {
  await using jump = await startSshd(keys)
  onTestFinished(() => keys.configure())
  keys.configure(
    ...['Host rack', 'HostName 127.0.0.1', `Port ${server.port}`, 'User root', 'ProxyJump jump'],
    ...['Host jump', 'HostName 127.0.0.1', `Port ${jump.port}`, 'User root'],
  )
  // Of the jump, too: ssh calls itself without our -F, which the configuration stands in for.
  const { stdout } = await transportTo('ssh://rack').run({ argv: ['cat', '/proc/self/stat'] })
  expect(stdout).toContain('(cat)')
})

test('an account whose shell writes without end is left, with what to look at', async () => {
  await using talker = await startSshd(keys, 'ForceCommand yes')
  await expect(transportTo(talker.url).run({ argv: ['true'] })).rejects.toThrow(
    `the account's shell writes without end: look at what ssh -p ${talker.port} root@127.0.0.1 true prints`,
  )
})

test('perl that is missing is named with what installs it', () => {
  const address = parseSshAddress('ssh://a')
  if (address === undefined) throw new Error('no address')
  expect(whyText('sh: 1: exec: perl: not found\n', address)).toContain('apt-get install perl-base')
})

test('ssh that is missing is named with what installs it', async () => {
  const address = parseSshAddress('ssh://a')
  if (address === undefined) throw new Error('no address')
  const transport = sshTransport({
    address,
    control: keys.path('control/ssh'),
    environment: { PATH: keys.path('none') },
  })
  await expect(transport.run({ argv: ['true'] })).rejects.toThrow('apt-get install openssh-client')
})

test('a terminal is never given a connection of its own when the shared one is gone', async () => {
  const transport = transportTo(server.url)
  expect(await transport.runInteractive({ argv: ['true'], stdin: '' })).toBe(0)
  for (const name of execFileSync('ls', [keys.path('control')], { encoding: 'utf8' })
    .trim()
    .split('\n'))
    rmSync(join(keys.path('control'), name))
  expect(await transport.runInteractive({ argv: ['true'], stdin: '' })).toBe(255)
})

const HOLDER = `
import { parseSshAddress } from '${new URL('../../engine/transport/ssh/address.ts', import.meta.url).pathname}'
import { sshTransport } from '${new URL('../../engine/transport/ssh/ssh.ts', import.meta.url).pathname}'
const [url, control, path] = process.argv.slice(2)
const transport = sshTransport({ address: parseSshAddress(url), control, environment: process.env })
await transport.lock(path, 'held')
console.log('held')
setInterval(() => undefined, 1000)
`

test('an engine that is killed holds no lock on a node any more, and leaves no process of its own', async () => {
  const path = keys.path('lock')
  const script = keys.path('holder.ts')
  writeFileSync(script, HOLDER)
  const engine = spawn(process.execPath, [script, server.url, keys.path('control/ssh'), path], {
    env: keys.environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(engine.stdout, 'data')
  const transport = transportTo(server.url)
  expect(await transport.lock(path, 'second')).toBeUndefined()
  engine.kill('SIGKILL')
  let lock = await transport.lock(path, 'second')
  while (lock === undefined) lock = await transport.lock(path, 'second')
  expect(readFileSync(path, 'utf8')).toBe('second')
  await lock[Symbol.asyncDispose]()
  const masters = (): string =>
    execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(keys.path(`control/ssh-${engine.pid}-`)))
      .join('\n')
  while (masters() !== '') await new Promise((resolve) => setImmediate(resolve))
  expect(existsSync(keys.path(`control/ssh-${engine.pid}-1`))).toBe(false)
})

test('a lock on a node is told to be lost when the connection is', async () => {
  const transport = transportTo(server.url)
  const lock = await transport.lock(keys.path('lost'), 'held')
  const parent = Number((await transport.run({ argv: ['sh', '-c', 'echo $PPID'] })).stdout)
  const lost = new Promise((resolve) => {
    lock?.lost.addEventListener('abort', resolve)
  })
  process.kill(parent, 'SIGKILL')
  await lost
  expect(await transport.lock(keys.path('lost'), 'again')).toBeDefined()
})

test('a lock on a node is free, and the socket of ssh gone, as soon as the connection has been closed', async () => {
  const path = keys.path('closed')
  const [first, second] = [transportTo(server.url), transportTo(server.url)]
  await second.run({ argv: ['true'] })
  const sockets = readdirSync(keys.path('control'))
  expect(await first.lock(path, 'first')).toBeDefined()
  expect(readdirSync(keys.path('control'))).toHaveLength(sockets.length + 1)
  await first[Symbol.asyncDispose]()
  expect(await second.lock(path, 'second')).toBeDefined()
  expect(readdirSync(keys.path('control'))).toEqual(sockets)
})

test('a host that takes a connection and says nothing is waited for as long as somebody wants it, and no longer', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  onTestFinished(() => void silent.close())
  const address = silent.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const transport = transportTo(`ssh://root@127.0.0.1:${port}`)
  const abort = new AbortController()
  const notWanted = expect(transport.run({ argv: ['true'] }, abort.signal)).rejects.toThrow('not wanted')
  const closed = expect(transport.run({ argv: ['true'] })).rejects.toThrow('it is not wanted any more')
  const [connection] = (await once(silent, 'connection')) as [Socket]
  abort.abort(new Error('not wanted'))
  await notWanted
  const ended = once(connection, 'close')
  connection.resume()
  await transport[Symbol.asyncDispose]()
  await Promise.all([closed, ended])
})

test('a machine that hangs over a file is given up with all that it was asked, and asked anew by the next', async () => {
  const pipe = keys.path('hangs')
  execFileSync('mkfifo', [pipe])
  // Whoever hangs there goes on then, and ends.
  onTestFinished(
    () => void execFileSync('dd', ['if=/dev/null', `of=${pipe}`, 'oflag=nonblock'], { stdio: 'ignore' }),
  )
  const transport = transportTo(server.url, { answerTimeoutMs: 1_000 })
  const lock = await transport.lock(keys.path('lock'), 'us')
  const hanging = transport.readFile(pipe)
  const behind = transport.run({ argv: ['true'] })
  await expect(hanging).rejects.toThrow(
    `${server.url} has not answered readFile for 1 s, so the connection is given up: look whether a disk or a mount hangs there`,
  )
  await expect(hanging).rejects.toThrow(TransportError)
  await expect(behind).rejects.toThrow('the connection is given up')
  expect(lock?.lost.aborted).toBe(true)
  expect((await transport.run({ argv: ['echo', 'anew'] })).stdout).toBe('anew\n')
})
