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
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { localTransport } from '../../engine/transport/local.ts'
import { parseSshAddress } from '../../engine/transport/ssh/address.ts'
import { sshTransport } from '../../engine/transport/ssh/ssh.ts'
import { type Transport, TransportError } from '../../engine/transport/transport.ts'
import { SshKeys, startSshd } from '../support/sshd.ts'

/** What every transport does alike. The one over ssh leads to this machine, so that a test sees the same files. */
const opened = new AsyncDisposableStack()
const open: Readonly<Record<string, () => Promise<Transport>>> = {
  'on this machine': async () => localTransport(),
  'over ssh': async () => {
    const keys = opened.use(new SshKeys())
    const address = parseSshAddress(opened.use(await startSshd(keys)).url)
    if (address === undefined) throw new Error('the server has no address')
    const { environment } = keys
    return opened.use(sshTransport({ address, control: keys.path('control/ssh'), environment }))
  },
}

afterAll(async () => await opened.disposeAsync())

let transport: Transport
let folder: string

describe.each(Object.keys(open))('%s', (place) => {
  beforeAll(async () => {
    transport = (await open[place]?.()) ?? localTransport()
  })

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
    await expect(running).rejects.toThrow(
      /the process that starts commands was ended|the connection to \S+ was lost/,
    )
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
    // Behind ssh nobody can end it any more.
    if (existsSync(`/proc/${parent}`)) process.kill(parent, 'SIGKILL')
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

  test('a stream that nobody takes from waits, and ends with all that it has when it is not wanted', async () => {
    const abort = new AbortController()
    const command = { argv: ['sh', '-c', 'echo $$; exec yes'] } as const
    const stream = transport.stream(command, abort.signal)[Symbol.asyncIterator]()
    const { value } = await stream.next()
    const pid = Number.parseInt(Buffer.from(value ?? '').toString(), 10)
    const written = () => readFileSync(`/proc/${pid}/io`, 'utf8').split('\n')[1]
    let before: string | undefined
    while (before !== written()) {
      before = written()
      await transport.run({ argv: ['sleep', '0.2'] })
    }
    abort.abort()
    await stream.return?.()
    // Until it has been waited for, there is something left of it.
    while (existsSync(`/proc/${pid}`)) await transport.run({ argv: ['sleep', '0.02'] })
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
    await transport.writeTree(folder, [
      { path: 'l', mode: 0o777, what: { kind: 'link', target: 'elsewhere' } },
    ])
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

  test('an open file is read on after it was renamed, and told from the next one of its name', async () => {
    const path = join(folder, 'log')
    writeFileSync(path, 'first line')
    await using file = await transport.openFile(path)
    const states = await transport.fileStates([path, join(folder, 'none'), folder])
    expect([...states.keys()]).toEqual([path])
    expect(states.get(path)).toMatchObject({
      id: file?.id,
      sizeBytes: 10,
      modifiedMs: statSync(path).mtimeMs,
    })
    await transport.rename(path, join(folder, 'old'))
    writeFileSync(path, 'second')
    expect(await file?.size()).toBe(10)
    expect(Buffer.from((await file?.read(6, 100)) ?? '').toString()).toBe('line')
    expect(Buffer.from((await file?.read(10, 100)) ?? '').toString()).toBe('')
    expect((await transport.fileStates([path])).get(path)?.id).not.toBe(file?.id)
    expect(await transport.openFile(join(folder, 'none'))).toBeUndefined()
  })

  test('text is added to a file, and any bytes are read from one', async () => {
    const path = join(folder, 'bytes')
    await transport.appendFile(path, 'ü', 0o600)
    await transport.appendFile(path, '€', 0o600)
    expect(readFileSync(path, 'utf8')).toBe('ü€')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 256))
    await transport.writeFile(path, bytes, 0o600)
    expect(Buffer.from((await transport.readFile(path)) ?? '').equals(bytes)).toBe(true)
    expect(await transport.readFile(folder)).toBeUndefined()
  })

  test('a name is given once', async () => {
    const [from, to] = [join(folder, 'from'), join(folder, 'to')]
    expect(await transport.link(from, to)).toBe(false)
    writeFileSync(from, 'x')
    expect(await transport.link(from, to)).toBe(true)
    expect(await transport.link(from, to)).toBe(false)
    expect(await transport.readFiles([from, to, join(folder, 'none')])).toEqual(
      new Map([
        [from, 'x'],
        [to, 'x'],
      ]),
    )
  })

  test('nothing is written into a pipe that nobody reads', async () => {
    const path = join(folder, 'pipe')
    expect(await transport.writePipe(path, 'x')).toBe(false)
    await transport.run({ argv: ['mkfifo', path] })
    expect(await transport.writePipe(path, 'x')).toBe(false)
    const reading = transport.run({ argv: ['head', '-c', '1', path] })
    while (!(await transport.writePipe(path, 'x'))) expect(existsSync(path)).toBe(true)
    expect((await reading).stdout).toBe('x')
  })

  test('a directory is made with its parents, and listed in order', async () => {
    await transport.makeDirectory(join(folder, 'a/b/c'), 0o700)
    await transport.makeDirectory(join(folder, 'a'), 0o755)
    expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700)
    for (const name of ['z', 'B', 'ä']) writeFileSync(join(folder, name), '')
    expect(await transport.listDirectory(folder)).toEqual(['B', 'a', 'z', 'ä'])
    expect(await transport.listDirectory(join(folder, 'none'))).toEqual([])
    await expect(transport.makeDirectory(join(folder, 'z'), 0o700)).rejects.toMatchObject({ code: 'EEXIST' })
  })

  test('processes are listed as they are now, though the folder of all of them never seems to change', async () => {
    await transport.listDirectory('/proc')
    const pid = (
      await transport.run({ argv: ['sh', '-c', 'sleep 100 >/dev/null 2>&1 & echo $!'] })
    ).stdout.trim()
    expect(await transport.listDirectory('/proc')).toContain(pid)
    await transport.signal(Number(pid), 9)
  })

  test('what lies beneath a folder is read and mounted, and nothing that a link leads to outside of it', async () => {
    mkdirSync(join(folder, 'volume/inner'), { recursive: true })
    writeFileSync(join(folder, 'secret'), 'of the host')
    writeFileSync(join(folder, 'volume/inner/file'), 'inside')
    symlinkSync('inner/file', join(folder, 'volume/link'))
    symlinkSync('../secret', join(folder, 'volume/out'))
    const volume = join(folder, 'volume')
    expect(await transport.readBeneath(volume, 'link')).toBe('inside')
    expect(await transport.readBeneath(volume, 'inner/none')).toBeUndefined()
    await expect(transport.readBeneath(volume, 'out')).rejects.toThrow('leads out of the volume')
    await expect(transport.readBeneath(volume, 'inner')).rejects.toThrow('is not a file')
    const target = join(folder, 'target')
    await expect(transport.bindBeneath(volume, 'out', target)).rejects.toThrow('leads out of the volume')
    await transport.bindBeneath(volume, 'link', target)
    await transport.bindBeneath(volume, 'made/new', `${target}-folder`)
    try {
      expect(readFileSync(target, 'utf8')).toBe('inside')
      writeFileSync(join(volume, 'made/new/here'), '')
      expect(existsSync(`${target}-folder/here`)).toBe(true)
    } finally {
      await transport.run({ argv: ['umount', target, `${target}-folder`] })
    }
  })

  test('a socket takes as much as it is given and gives back as much, and its end is told', async () => {
    const path = join(folder, 'socket')
    const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(path)
    await new Promise((resolve) => {
      server.once('listening', resolve)
    })
    const connection = await transport.connectSocket(path, AbortSignal.timeout(30_000))
    const sent = Buffer.alloc(3_000_000, 'reconcile ')
    const got: Buffer[] = []
    connection.on('data', (bytes: Buffer) => got.push(bytes))
    connection.end(sent)
    await new Promise((resolve, reject) => {
      connection.once('end', resolve)
      connection.once('error', reject)
    })
    expect(Buffer.concat(got).equals(sent)).toBe(true)
    server.close()
    await expect(
      transport.connectSocket(join(folder, 'none'), AbortSignal.timeout(5000)),
    ).rejects.toMatchObject({
      code: 'ENOENT',
    })
  })

  test('a command with the terminal of its caller ends with its own status', async () => {
    expect(await transport.runInteractive({ argv: ['sh', '-c', 'exit "$1"', '--', '7'], stdin: '' })).toBe(7)
  })
})
