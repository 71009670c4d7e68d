import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ShownPod, World } from '../support/engine.ts'
import { rootIdOf } from '../support/machine.ts'
import { containerOf, engineAtWork, files, logs, NEVER_READY, pod, sh, untilPod } from '../support/pods.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

let registry: Registry
let world: World
let host: string
let socket: Server

type Fields = Readonly<Record<string, unknown>>

/** A pod whose containers run a script with volumes mounted at /v/NAME. */
function mounting(
  name: string,
  script: string,
  volumes: Readonly<Record<string, Fields>>,
  mount: Fields = {},
  spec: Fields = {},
) {
  const names = Object.keys(volumes)
  return pod(name, {
    volumes: names.map((one) => ({ name: one, ...volumes[one] })),
    containers: [
      sh(script, { volumeMounts: names.map((one) => ({ name: one, mountPath: `/v/${one}`, ...mount })) }),
    ],
    ...spec,
  })
}

const config = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'config' },
  data: { 'app.conf': 'level=1\n', other: 'other' },
  binaryData: { bytes: Buffer.from([0, 255, 10]).toString('base64') },
}

const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'secret' },
  stringData: { token: 'hush', key: 'k' },
}

const hostPath = (path: string, type?: string): Fields => ({
  hostPath: { path: join(host, path), ...(type === undefined ? {} : { type }) },
})

const LIST = 'cd /v/it; for f in $(find . -type f -o -type l | sort); do stat -L -c "%n %a %u %g" $f; done'

function healthy() {
  return [
    mounting('empty', 'stat -c "%a %u %g" /v/it; echo ok > /v/it/file && cat /v/it/file', {
      it: { emptyDir: {} },
    }),
    mounting(
      'memory',
      'df -k /v/it | tail -1; grep /v/it /proc/mounts; dd if=/dev/zero of=/v/it/big bs=1M count=20 2>&1; stat -c %s /v/it/big',
      { it: { emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } } },
    ),
    pod('shared', {
      volumes: [{ name: 'it', emptyDir: {} }],
      containers: [
        sh('echo written > /v/it/file.tmp; mv /v/it/file.tmp /v/it/file', {
          volumeMounts: [{ name: 'it', mountPath: '/v/it' }],
        }),
        sh(
          'until [ -e /elsewhere/file ]; do sleep 0.05; done; cat /elsewhere/file; touch /elsewhere/mine 2>&1; true',
          {
            name: 'reader',
            volumeMounts: [{ name: 'it', mountPath: '/elsewhere', readOnly: true }],
          },
        ),
      ],
    }),
    mounting('map', LIST, { it: { configMap: { name: 'config' } } }),
    mounting(
      'map-bytes',
      'exec 2>&1; od -An -tx1 /v/it/bytes; cat /v/it/app.conf; echo x > /v/it/app.conf; touch /v/it/new; true',
      {
        it: { configMap: { name: 'config' } },
      },
    ),
    mounting('map-items', `${LIST}; cat /v/it/deep/er/app`, {
      it: {
        configMap: {
          name: 'config',
          defaultMode: 0o400,
          items: [
            { key: 'app.conf', path: 'deep/er/app' },
            { key: 'other', path: 'script', mode: 0o755 },
          ],
        },
      },
    }),
    mounting('map-optional', 'ls -A /v/it | grep -v "^\\.\\." | wc -l; ls /v/keys', {
      it: { configMap: { name: 'not-there', optional: true } },
      keys: {
        configMap: {
          name: 'config',
          optional: true,
          items: [
            { key: 'none', path: 'none' },
            { key: 'other', path: 'other' },
          ],
        },
      },
    }),
    mounting('secret', `${LIST}; cat /v/it/token; echo; sleep 3600`, {
      it: { secret: { secretName: 'secret', defaultMode: 0o440 } },
    }),
    mounting('secret-items', `${LIST}; cat /v/it/only`, {
      it: { secret: { secretName: 'secret', items: [{ key: 'token', path: 'only', mode: 0o600 }] } },
    }),
    mounting(
      'group',
      'id; for d in empty memory map secret; do stat -L -c "%n %a %g" /v/$d; done; stat -L -c "%n %a %g" /v/secret/token; touch /v/empty/new; stat -c %g /v/empty/new; cat /v/secret/token',
      {
        empty: { emptyDir: {} },
        memory: { emptyDir: { medium: 'Memory' } },
        map: { configMap: { name: 'config' } },
        secret: { secret: { secretName: 'secret', defaultMode: 0o400 } },
      },
      {},
      { securityContext: { runAsUser: 1234, runAsGroup: 1234, fsGroup: 4321 } },
    ),
    pod('parts', {
      volumes: [
        { name: 'it', emptyDir: {} },
        { name: 'config', configMap: { name: 'config' } },
      ],
      initContainers: [
        sh('mkdir -p /v/a; echo in-a > /v/a/file; echo top > /v/top; chown -R 1000 /v/a', {
          name: 'fill',
          volumeMounts: [{ name: 'it', mountPath: '/v' }],
        }),
      ],
      containers: [
        sh(
          'cat /a/file; ls /a; cat /etc/app.conf; cat /one; stat -c "%a" /new; ls /etc/passwd; (echo x > /one) 2>&1; true',
          {
            volumeMounts: [
              { name: 'it', mountPath: '/a', subPath: 'a' },
              { name: 'it', mountPath: '/new', subPath: 'made/for/it' },
              { name: 'it', mountPath: '/one', subPath: 'top', readOnly: true },
              { name: 'config', mountPath: '/etc/app.conf', subPath: 'app.conf' },
            ],
          },
        ),
      ],
    }),
    mounting(
      'host',
      'cat /v/dir/file; cat /v/file; echo new > /v/dir/from-inside; ls -d /v/any /v/make; echo more >> /v/make-file; stat -c %F /v/socket /v/char',
      {
        dir: hostPath('dir', 'Directory'),
        file: hostPath('dir/file', 'File'),
        any: hostPath('any'),
        make: hostPath('make/deep', 'DirectoryOrCreate'),
        'make-file': hostPath('made-file', 'FileOrCreate'),
        socket: hostPath('socket', 'Socket'),
        char: { hostPath: { path: '/dev/null', type: 'CharDevice' } },
      },
    ),
    mounting(
      'host-read-only',
      '(echo x > /v/dir/file) 2>&1; cat /v/dir/file',
      { dir: hostPath('dir', '') },
      { readOnly: true },
    ),
  ]
}

const WRONG_TYPES = {
  'host-no-dir': ['none', 'Directory', 'there is no such path'],
  'host-no-file': ['none', 'File', 'there is no such path'],
  'host-file-as-dir': ['dir/file', 'Directory', 'it is a file'],
  'host-dir-as-file': ['dir', 'FileOrCreate', 'it is a directory'],
  'host-no-parent': ['none/file', 'FileOrCreate', 'there is no directory'],
  'host-no-socket': ['dir/file', 'Socket', 'it is a file'],
  'host-no-char': ['dir/file', 'CharDevice', 'it is a file'],
  'host-no-block': ['dir/file', 'BlockDevice', 'it is a file'],
} as const

function failing() {
  return [
    ...Object.entries(WRONG_TYPES).map(([name, [path, type]]) =>
      mounting(name, 'true', { it: hostPath(path, type) }),
    ),
    pod('escape', {
      volumes: [{ name: 'it', hostPath: { path: join(host, 'trap') } }],
      containers: [sh('ls /v', { volumeMounts: [{ name: 'it', mountPath: '/v', subPath: 'out' }] })],
    }),
    pod('escape-made', {
      volumes: [{ name: 'it', emptyDir: {} }],
      initContainers: [
        sh('ln -s /etc /v/out', { name: 'trap', volumeMounts: [{ name: 'it', mountPath: '/v' }] }),
      ],
      containers: [sh('ls /v', { volumeMounts: [{ name: 'it', mountPath: '/v', subPath: 'out/ssl' }] })],
    }),
  ]
}

beforeAll(async () => {
  registry = await startRegistry()
  world = await World.create({ registry: registry.url })
  host = join(world.folder, 'host')
  mkdirSync(join(host, 'dir'), { recursive: true })
  mkdirSync(join(host, 'trap'))
  symlinkSync('/etc', join(host, 'trap', 'out'))
  writeFileSync(join(host, 'dir', 'file'), 'on the host\n')
  socket = createServer().listen(join(host, 'socket'))
  chmodSync(host, 0o755)
  await world.commit(files(config, secret, ...healthy()))
  const run = await world.once()
  if (run.exitCode !== 0) throw new Error(run.stderr)
  await world.commit(files(config, secret, NEVER_READY, ...healthy(), ...failing()))
  await engineAtWork(world)
})

afterAll(async () => {
  socket.close()
  await world[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

describe('emptyDir', () => {
  test('anyone may write to it', async () => {
    expect(await logs(world, 'empty')).toBe('777 0 0\nok')
  })

  test('in memory it is a tmpfs of the size that it may have', async () => {
    const text = await logs(world, 'memory')
    expect(text).toMatch(/^tmpfs\s+8192\s/)
    expect(text).toMatch(/\/v\/it tmpfs rw/)
    expect(text).toMatch(/No space left on device/)
    expect(text.split('\n').at(-1)).toBe(String(8 * 1024 * 1024))
  })

  test('two containers share it, and one of them may only read it', async () => {
    expect(await logs(world, 'shared', 'reader')).toBe(
      'written\ntouch: /elsewhere/mine: Read-only file system',
    )
  })
})

describe('ConfigMaps and Secrets as files', () => {
  test('every key is a file that all may read', async () => {
    expect((await logs(world, 'map')).split('\n').filter((line) => !line.startsWith('./..'))).toEqual([
      './app.conf 644 0 0',
      './bytes 644 0 0',
      './other 644 0 0',
    ])
  })

  test('bytes are as they were, and nothing can be written', async () => {
    const text = await logs(world, 'map-bytes')
    expect(text).toMatch(/^ 00 ff 0a\nlevel=1\n/)
    expect(text).toMatch(/can't create \/v\/it\/app.conf: Read-only file system/)
    expect(text).toMatch(/touch: \/v\/it\/new: Read-only file system/)
  })

  test('items choose keys, paths and modes', async () => {
    const lines = (await logs(world, 'map-items')).split('\n')
    expect(lines).toContain('./script 755 0 0')
    expect(lines.filter((line) => line.includes('er/app'))).toEqual([expect.stringMatching(/ 400 0 0$/)])
    expect(lines.at(-1)).toBe('level=1')
    expect(lines.some((line) => line.includes('bytes'))).toBe(false)
  })

  test('optional ones that are missing are empty, and missing keys are left out', async () => {
    expect(await logs(world, 'map-optional')).toBe('0\nother')
  })

  test('a Secret has its modes, and is on a tmpfs of root alone on the machine', async () => {
    await untilPod(world, 'secret', ({ status }) => status.phase === 'Running')
    const shown = await world.pod('secret')
    const text = await logs(world, 'secret')
    expect(text).toContain('./token 440 0 0')
    expect(text).toMatch(/hush$/)
    expect(await logs(world, 'secret-items')).toMatch(/only 600 0 0\nhush$/)
    const folder = `/run/reconcile/${rootIdOf(world.root)}/pods/${shown.metadata.uid}/volumes/it`
    expect(readFileSync(join(folder, 'token'), 'utf8')).toBe('hush')
    expect(fileSystemOf(folder)).toBe('tmpfs')
    expect(statSync(`/run/reconcile/${rootIdOf(world.root)}`).mode & 0o077).toBe(0)
  })

  test('no Secret is on the machine’s disk', () => {
    const found = execFileSync('sh', [
      '-c',
      'grep -rl hush "$1/pods" --include="*" -s | grep -v "/log[.0-9]*$" || true',
      'sh',
      world.root,
    ])
    expect(found.toString()).toBe('')
  })
})

test('fsGroup owns the volumes, may do what the owner may, and new files are the group’s', async () => {
  const text = await logs(world, 'group')
  expect(text).toMatch(/^uid=1234 gid=1234.*groups=.*4321/)
  expect(text).toMatch(/^\/v\/empty 2777 4321$/m)
  expect(text).toMatch(/^\/v\/memory 2777 4321$/m)
  expect(text).toMatch(/^\/v\/map 2777 4321$/m)
  expect(text).toMatch(/^\/v\/secret\/token 440 4321$/m)
  expect(text).toMatch(/^4321\nhush$/m)
})

describe('subPath', () => {
  test('a folder or a file of a volume is mounted alone; a folder that is missing is made', async () => {
    expect(await logs(world, 'parts')).toBe(
      "in-a\nfile\nlevel=1\ntop\n755\n/etc/passwd\nsh: can't create /one: Read-only file system",
    )
  })

  test.for(['escape', 'escape-made'])(
    'a symbolic link that leads out of the volume is refused: %s',
    async (name) => {
      const shown = await untilPod(
        world,
        name,
        (now) => containerOf(now).state['waiting']?.['reason'] === 'CreateContainerConfigError',
      )
      expect(shown.status.phase).toBe('Pending')
      const waiting = containerOf(shown).state['waiting']
      expect(waiting?.['message']).toMatch(/subPath out/)
    },
  )
})

describe('hostPath', () => {
  test('every type is what it says, or is made', async () => {
    expect(await logs(world, 'host')).toBe(
      'on the host\non the host\n/v/any\n/v/make\nsocket\ncharacter special file',
    )
    expect(readFileSync(join(host, 'dir', 'from-inside'), 'utf8')).toBe('new\n')
    expect(readFileSync(join(host, 'made-file'), 'utf8')).toBe('more\n')
    expect(statSync(join(host, 'make', 'deep')).isDirectory()).toBe(true)
  })

  test('readOnly refuses writes', async () => {
    expect(await logs(world, 'host-read-only')).toBe(
      "sh: can't create /v/dir/file: Read-only file system\non the host",
    )
  })

  test('what is not what it should be keeps the pod from being made, and the status says what was found', async () => {
    const sandbox = ({ status }: ShownPod) =>
      status.conditions?.find(({ type }) => type === 'PodReadyToStartContainers')
    for (const [name, [path, type, found]] of Object.entries(WRONG_TYPES)) {
      const shown = await untilPod(world, name, (now) => sandbox(now)?.reason === 'FailedMount')
      expect(shown.status.phase, name).toBe('Pending')
      const condition = sandbox(shown)
      expect(condition?.status).toBe('False')
      expect(condition?.message).toContain(`${join(host, path)} is not a ${type}: ${found}`)
    }
    expect(existsSync(join(host, 'none'))).toBe(false)
  })
})

function fileSystemOf(path: string): string | undefined {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, at = '']) => path === at || path.startsWith(at === '/' ? '/' : `${at}/`))
  return mounts.toSorted(([, a = ''], [, b = '']) => b.length - a.length)[0]?.[2]
}
