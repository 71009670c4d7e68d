import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { localTransport } from '../../engine/transport/local.ts'
import { TransportError } from '../../engine/transport/transport.ts'

const transport = localTransport()
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reconcile-transport-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('a command has its arguments as they are, its stdin, and no environment but its own', async () => {
  const result = await transport.run({
    argv: ['sh', '-c', 'cat; echo "$1"; env'],
    stdin: 'in\n',
    env: { A: 'b c' },
  })
  expect(result).toMatchObject({ exitCode: 0, timedOut: false })
  const echo = await transport.run({ argv: ['printf', '%s|', '$HOME', '; ls', ''] })
  expect(echo.stdout).toBe('$HOME|; ls||')
  expect(
    result.stdout
      .split('\n')
      .filter((line) => /^(PATH|A|HOME)=/.test(line))
      .map((line) => line.split('=')[0])
      .toSorted(),
  ).toEqual(['A', 'PATH'])
})

test('a command that fails is a result; one that cannot be run is an error', async () => {
  expect(await transport.run({ argv: ['sh', '-c', 'echo bad >&2; exit 7'] })).toEqual({
    exitCode: 7,
    stdout: '',
    stderr: 'bad\n',
    timedOut: false,
  })
  expect(await transport.run({ argv: ['sh', '-c', 'kill -KILL $$'] })).toMatchObject({
    exitCode: 137,
    signal: 'SIGKILL',
  })
  await expect(transport.run({ argv: ['no-such-program'] })).rejects.toThrow(TransportError)
})

test('commands side by side have each their own input and output, however large', async () => {
  const inputs = [0, 1, 59_000, 70_000, 1_000_000].map((bytes) => 'x'.repeat(bytes))
  const results = await Promise.all(
    inputs.map(async (stdin) => await transport.run({ argv: ['sh', '-c', 'cat; echo end >&2'], stdin })),
  )
  expect(results.map(({ stdout }) => stdout.length)).toEqual(inputs.map(({ length }) => length))
  expect(results.map(({ stderr }) => stderr)).toEqual(inputs.map(() => 'end\n'))
})

test('what was under way when the process that starts commands is ended goes on, its caller is told, and the next command runs', async () => {
  const file = join(folder, 'written')
  const script = `while ! [ -e ${folder}/go ]; do sleep 0.01; done; echo done >${file}`
  const parent = Number((await transport.run({ argv: ['sh', '-c', 'echo $PPID'] })).stdout)
  const running = transport.run({ argv: ['sh', '-c', script] })
  await transport.run({ argv: ['true'] })
  process.kill(parent, 'SIGKILL')
  await expect(running).rejects.toThrow('the process that starts commands was ended')
  writeFileSync(join(folder, 'go'), '')
  const wait = `while ! [ -s ${file} ]; do sleep 0.01; done`
  expect(await transport.run({ argv: ['sh', '-c', wait] })).toMatchObject({ exitCode: 0 })
})

test('a command ends when its time is over, or when it is not wanted any more', async () => {
  expect(await transport.run({ argv: ['sleep', '100'], timeoutMs: 50 })).toMatchObject({ timedOut: true })
  // With what it has begun, which would keep its output open.
  const parent = await transport.run({ argv: ['sh', '-c', 'sleep 100 & wait'], timeoutMs: 50 })
  expect(parent.timedOut).toBe(true)
  const abort = new AbortController()
  const running = transport.run({ argv: ['sleep', '100'] }, abort.signal)
  abort.abort(new Error('not wanted'))
  await expect(running).rejects.toThrow('not wanted')
})

test('who waits is answered though the output stays open or the process that starts commands is stopped, and the next command runs', async () => {
  const file = join(folder, 'pid')
  const script = `setsid sh -c 'echo $$ >${file}; exec sleep 100' & while ! [ -s ${file} ]; do sleep 0.01; done; sleep 100`
  const parent = Number((await transport.run({ argv: ['sh', '-c', 'echo $PPID'] })).stdout)
  const open = transport.run({ argv: ['sh', '-c', script], timeoutMs: 1_000 })
  await transport.run({ argv: ['sh', '-c', `while ! [ -s ${file} ]; do sleep 0.01; done`] })
  process.kill(parent, 'SIGSTOP')
  const stopped = transport.run({ argv: ['true'], timeoutMs: 1_000 })
  expect(await open).toMatchObject({ timedOut: true, signal: 'SIGKILL' })
  expect(await stopped).toMatchObject({ timedOut: true })
  expect(await transport.run({ argv: ['true'] })).toMatchObject({ exitCode: 0, timedOut: false })
  process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL')
}, 30_000)

test('a stream ends with its command, or with its signal', async () => {
  const chunks: string[] = []
  const never = new AbortController().signal
  for await (const chunk of transport.stream({ argv: ['printf', 'a\\nb'] }, never))
    chunks.push(new TextDecoder().decode(chunk))
  expect(chunks.join('')).toBe('a\nb')
  const abort = new AbortController()
  let seen = ''
  for await (const chunk of transport.stream({ argv: ['sh', '-c', 'echo x; sleep 100'] }, abort.signal)) {
    seen += new TextDecoder().decode(chunk)
    abort.abort()
  }
  expect(seen).toBe('x\n')
})

test('a file is written whole or not at all, and leaves nothing beside it', async () => {
  const path = join(folder, 'file')
  await transport.writeFile(path, 'one', 0o640)
  await Promise.all(
    ['a', 'b', 'c'].map(async (text) => await transport.writeFile(path, text.repeat(3), 0o640)),
  )
  expect(['aaa', 'bbb', 'ccc']).toContain(readFileSync(path, 'utf8'))
  expect(statSync(path).mode & 0o777).toBe(0o640)
  expect(readdirSync(folder)).toEqual(['file'])
  await expect(transport.writeFile(join(folder, 'none/file'), '', 0o600)).rejects.toThrow('ENOENT')
  expect(await transport.readFile(join(folder, 'none/file'))).toBeUndefined()
})

test('removing goes through everything but a mount', async () => {
  mkdirSync(join(folder, 'a/b'), { recursive: true })
  writeFileSync(join(folder, 'a/b/c'), '')
  symlinkSync('/etc', join(folder, 'a/etc'))
  await transport.remove(join(folder, 'a'))
  await transport.remove(join(folder, 'a'))
  expect(existsSync(join(folder, 'a'))).toBe(false)
  expect(existsSync('/etc/passwd')).toBe(true)
})

test('removing never reaches into what is mounted', async () => {
  mkdirSync(join(folder, 'a/mounted'), { recursive: true })
  const mounted = await transport.run({ argv: ['mount', '-t', 'tmpfs', 'none', join(folder, 'a/mounted')] })
  if (mounted.exitCode !== 0) throw new Error(`this test needs root: ${mounted.stderr}`)
  writeFileSync(join(folder, 'a/mounted/precious'), '')
  try {
    await expect(transport.remove(join(folder, 'a'))).rejects.toThrow('unmount it first')
    expect(existsSync(join(folder, 'a/mounted/precious'))).toBe(true)
  } finally {
    await transport.run({ argv: ['umount', join(folder, 'a/mounted')] })
  }
})

test('a tree is written with exact modes and read by names and depth', async () => {
  await transport.writeTree(folder, [
    { path: 'd', mode: 0o2770, group: 1234, what: { kind: 'directory' } },
    { path: 'd/x', mode: 0o444, what: { kind: 'file', content: 'one' } },
    { path: 'd/skipped', mode: 0o755, what: { kind: 'directory' } },
    { path: 'd/skipped/x', mode: 0o600, what: { kind: 'file', content: 'two' } },
    { path: 'l', mode: 0o777, what: { kind: 'link', target: 'd' } },
  ])
  await transport.writeTree(folder, [{ path: 'l', mode: 0o777, what: { kind: 'link', target: 'elsewhere' } }])
  expect(statSync(join(folder, 'd'))).toMatchObject({ gid: 1234 })
  expect(statSync(join(folder, 'd')).mode & 0o7777).toBe(0o2770)
  const read = await transport.readTree(folder, { names: new Set(['x']), skip: ['*/skipped'], depth: 9 })
  expect(read.map(({ content, path }) => [path, content])).toEqual([
    ['d', undefined],
    ['d/skipped', undefined],
    ['d/x', 'one'],
  ])
  expect(await transport.readTree(join(folder, 'none'), { depth: 1 })).toEqual([])
})

test('a path is real as far as it exists', async () => {
  mkdirSync(join(folder, 'real'))
  symlinkSync('real', join(folder, 'link'))
  expect(await transport.realPath(join(folder, 'link/new/deep'))).toBe(join(folder, 'real/new/deep'))
})

test('a file is told for what it is', async () => {
  expect(await transport.stat('/dev/null')).toMatchObject({
    kind: 'charDevice',
    device: { major: 1, minor: 3 },
  })
  expect(await transport.stat(folder)).toMatchObject({ kind: 'directory' })
  expect(await transport.stat(join(folder, 'none'))).toBeUndefined()
})

test('changes are told while somebody listens', async () => {
  const path = join(folder, 'events')
  writeFileSync(path, '')
  const end = new AbortController()
  const changes = transport.watch([path, join(folder, 'not-there')], end.signal)[Symbol.asyncIterator]()
  const next = changes.next()
  writeFileSync(path, 'x', { flag: 'a' })
  expect(await next).toEqual({ done: false, value: path })
  end.abort()
  expect((await changes.next()).done).toBe(true)
})

test('a lock is held by one, names its holder, and is freed with it', async () => {
  const path = join(folder, 'lock')
  const first = await transport.lock(path, 'first')
  expect(first).toBeDefined()
  expect(await transport.lock(path, 'second')).toBeUndefined()
  expect(readFileSync(path, 'utf8')).toBe('first')
  await first?.[Symbol.asyncDispose]()
  const second = await transport.lock(path, 'second')
  expect(readFileSync(path, 'utf8')).toBe('second')
  await second?.[Symbol.asyncDispose]()
})

test('a process that is not there cannot be given a signal', async () => {
  expect(await transport.signal(process.pid, 0)).toBe(true)
  expect(await transport.signal(4_194_303, 0)).toBe(false)
})

test('a port is connected to, or the reason told', async () => {
  const server = createServer((socket) => socket.end('hi')).listen(0, '127.0.0.1')
  await new Promise((resolve) => {
    server.once('listening', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const connection = await transport.connect('127.0.0.1', port, AbortSignal.timeout(5000))
  const chunks: Buffer[] = []
  for await (const chunk of connection) chunks.push(chunk)
  expect(Buffer.concat(chunks).toString()).toBe('hi')
  server.close()
  await expect(transport.connect('127.0.0.1', 1, AbortSignal.timeout(5000))).rejects.toThrow('ECONNREFUSED')
})

test('empty folders go, others stay and are told', async () => {
  mkdirSync(join(folder, 'full/inner'), { recursive: true })
  mkdirSync(join(folder, 'empty'))
  chmodSync(join(folder, 'empty'), 0o700)
  writeFileSync(join(folder, 'stray'), '')
  const paths = ['empty', 'full', 'none', 'stray'].map((name) => join(folder, name))
  expect(await transport.removeEmpty(paths)).toEqual([join(folder, 'full'), join(folder, 'stray')])
})
