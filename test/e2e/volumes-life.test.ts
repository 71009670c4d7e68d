import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ShownPod, World } from '../support/engine.ts'
import { differsIn } from '../support/runtimes.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { containerOf, files, logs, pod, scriptPod, sh, untilPod } from '../support/pods.ts'

type Fields = Readonly<Record<string, unknown>>

let world: World

const IDLE = 'exec sleep 3600'

function settings(level: string): Fields {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { level } }
}

function token(text: string): Fields {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token' }, stringData: { token: text } }
}

function fixed(level: string): Fields {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'fixed', annotations: { 'reconcile.dev/replace': 'true' } },
    immutable: true,
    data: { level },
  }
}

/** Sees one ConfigMap in every way there is, a Secret, and its own labels. */
function watcher(labels: Fields): Fields {
  const volumes = [
    { name: 'map', configMap: { name: 'settings' } },
    {
      name: 'all',
      projected: {
        defaultMode: 0o440,
        sources: [
          { configMap: { name: 'settings', items: [{ key: 'level', path: 'deep/level' }] } },
          { secret: { name: 'token' } },
          {
            downwardAPI: {
              items: [
                { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
                {
                  path: 'cpu',
                  resourceFieldRef: { containerName: 'main', resource: 'requests.cpu', divisor: '1m' },
                },
              ],
            },
          },
        ],
      },
    },
  ]
  const volumeMounts = [
    { name: 'map', mountPath: '/map' },
    { name: 'map', mountPath: '/one', subPath: 'level' },
    { name: 'all', mountPath: '/all' },
  ]
  const container = sh(IDLE, { volumeMounts, resources: { requests: { cpu: '70m' } } })
  return pod('watcher', { volumes, containers: [container] }, { labels })
}

/** Keeps its labels: nothing about it changes but what it mounts. */
const follower = pod('follower', {
  volumes: [
    { name: 'map', configMap: { name: 'settings' } },
    { name: 'fixed', configMap: { name: 'fixed' } },
    { name: 'secret', projected: { sources: [{ secret: { name: 'token' } }] } },
  ],
  containers: [
    sh(IDLE, {
      volumeMounts: [
        { name: 'map', mountPath: '/map' },
        { name: 'fixed', mountPath: '/fixed' },
        { name: 'secret', mountPath: '/secret' },
      ],
    }),
  ],
})

const rolling: Fields = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'rolling' },
  spec: {
    selector: { matchLabels: { app: 'rolling' } },
    template: {
      metadata: {
        labels: { app: 'rolling' },
        annotations: { 'reconcile.dev/restart-on-config-change': 'true' },
      },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          sh(IDLE, {
            env: [{ name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'settings', key: 'level' } } }],
            envFrom: [{ secretRef: { name: 'token' } }],
          }),
        ],
      },
    },
  },
}

const claim: Fields = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
}

function claimed(name: string, script: string): Fields {
  return pod(name, {
    securityContext: { runAsUser: 1000, fsGroup: 2000 },
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    containers: [sh(script, { volumeMounts: [{ name: 'data', mountPath: '/data' }] })],
  })
}

const small = [
  scriptPod(
    'expression',
    'ls /v; touch /v/here; ls /whole/of',
    {
      env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      volumeMounts: [
        { name: 'it', mountPath: '/v', subPathExpr: 'of/$(POD)' },
        { name: 'it', mountPath: '/whole' },
      ],
    },
    { volumes: [{ name: 'it', emptyDir: {} }] },
  ),
  scriptPod(
    'image',
    'ls /img/bin/busybox; (/img/bin/busybox true) 2>&1; (touch /img/x) 2>&1; ls /bin-of-it | grep -c .',
    {
      volumeMounts: [
        { name: 'it', mountPath: '/img' },
        { name: 'it', mountPath: '/bin-of-it', subPath: 'bin' },
      ],
    },
    { volumes: [{ name: 'it', image: { reference: 'busybox:1.36', pullPolicy: 'IfNotPresent' } }] },
  ),
  pod('env-file', {
    volumes: [{ name: 'it', emptyDir: {} }],
    initContainers: [
      sh(`printf "# made\\nADDRESS='from the file'\\n" > /it/env; ln -s /etc/passwd /it/link`, {
        name: 'write',
        volumeMounts: [{ name: 'it', mountPath: '/it' }],
      }),
    ],
    containers: [
      sh('echo "$ADDRESS $TWICE ${NONE-unset}"', {
        env: [
          { name: 'ADDRESS', valueFrom: { fileKeyRef: { volumeName: 'it', path: 'env', key: 'ADDRESS' } } },
          { name: 'TWICE', value: '$(ADDRESS)!' },
          {
            name: 'NONE',
            valueFrom: { fileKeyRef: { volumeName: 'it', path: 'env', key: 'NONE', optional: true } },
          },
        ],
      }),
    ],
  }),
  pod('ephemeral', {
    volumes: [
      {
        name: 'scratch',
        ephemeral: {
          volumeClaimTemplate: {
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
          },
        },
      },
    ],
    containers: [
      sh(`echo mine > /s/file; ${IDLE}`, { volumeMounts: [{ name: 'scratch', mountPath: '/s' }] }),
    ],
  }),
]

const folder = (name: string): string => join(world.root, 'claims/default', name)

function rollingPod(pods: readonly ShownPod[]): ShownPod {
  const found = pods.find(({ metadata }) => metadata.name.startsWith('rolling-'))
  if (found === undefined) throw new Error('the Deployment has no pod')
  return found
}

async function applied(...objects: readonly Fields[]): Promise<void> {
  await world.commit(files(...objects))
  const run = await world.once()
  if (run.exitCode !== 0) throw new Error(`--once ended with ${run.exitCode}: ${run.stderr}${run.stdout}`)
}

let before: readonly ShownPod[]
let planned: string
let summary: string
const written = new Map<string, string>()
let after: readonly ShownPod[]

ownWorld(async (own) => {
  world = own
  const rest = [follower, rolling, claim, claimed('writer', `id -G; echo kept > /data/file; ${IDLE}`)]
  await applied(settings('1'), token('hush'), watcher({ tier: 'one' }), fixed('1'), ...rest, ...small)
  before = await world.pods()
  for (const name of ['expression', 'image', 'env-file']) {
    await untilPod(world, name, ({ status }) => status.phase === 'Succeeded')
    written.set(name, await logs(world, name))
  }
  await world.commit(files(settings('2'), token('quiet'), watcher({ tier: 'two' }), fixed('2'), ...rest))
  planned = (await world.run('plan', '--repo', world.repo)).stdout
  const run = await world.once()
  if (run.exitCode !== 0) throw new Error(run.stderr)
  summary = run.stdout
  after = await world.pods()
})

describe('a ConfigMap that a commit changes', () => {
  test('is followed in the files of a running pod, which is not restarted', async () => {
    const [was, is] = [before, after].map((pods) => pods.find(({ metadata }) => metadata.name === 'watcher'))
    if (was === undefined || is === undefined) throw new Error('watcher is not there')
    expect(is.metadata.uid).toBe(was.metadata.uid)
    expect(containerOf(is).restartCount).toBe(0)
    expect(await world.exec('watcher', 'cat', '/map/level')).toBe('2')
    expect(await world.exec('watcher', 'cat', '/all/deep/level')).toBe('2')
    expect(await world.exec('watcher', 'cat', '/all/token')).toBe('quiet')
    expect(await world.exec('watcher', 'cat', '/all/labels')).toBe('tier="two"')
    expect(await world.exec('watcher', 'cat', '/all/cpu')).toBe('70')
  })

  test('is not followed where one file of it is mounted, as in Kubernetes', async () => {
    expect(await world.exec('watcher', 'cat', '/one')).toBe('1')
  })

  test('is told of by the plan, with the reason and without what is in it', () => {
    expect(planned).toContain('volume map follows ConfigMap settings')
    expect(planned).toContain('volume secret follows Secret token')
    expect(planned).not.toContain('follows ConfigMap fixed')
    expect(planned).not.toMatch(/quiet|hush/)
    expect(summary).toContain('files updated in 2 pods')
  })

  test('replaces the pods of a template that asks for it', async () => {
    expect(rollingPod(after).metadata.uid).not.toBe(rollingPod(before).metadata.uid)
    expect(await world.exec(rollingPod(after).metadata.name, 'sh', '-c', 'echo $LEVEL $token')).toBe(
      '2 quiet',
    )
    expect(planned).toMatch(/config-hash.*: [0-9a-f]{32} -> [0-9a-f]{32}/)
  })

  test('stays as it is in the files of a running pod when it is immutable', async () => {
    expect(await world.exec('follower', 'cat', '/map/level', '/fixed/level', '/secret/token')).toBe('21quiet')
  })

  test('that nothing changed in leaves all as it is', async () => {
    const run = await world.run('plan', '--detailed-exitcode', '--repo', world.repo)
    expect(run.stdout).toContain('nothing to do')
    expect(run.exitCode).toBe(0)
  })

  test('leaves no Secret on the disk', () => {
    const all = readdirSync(join(world.root, 'pods'), {
      recursive: true,
      encoding: 'utf8',
      withFileTypes: true,
    })
    const plain = all.filter((entry) => entry.isFile() && !entry.parentPath.includes('/upper/'))
    expect(plain.length).toBeGreaterThan(5)
    const found = plain.filter((entry) =>
      /quiet|hush/.test(readFileSync(join(entry.parentPath, entry.name), 'utf8')),
    )
    expect(found.map(({ name }) => name)).toEqual([])
  })
})

describe('small things', () => {
  test('subPathExpr makes a folder of the name that the variable has', () => {
    expect(written.get('expression')).toBe('expression')
  })

  test('an image is mounted to be read, and neither written to nor run', () => {
    const lines = (written.get('image') ?? '').split('\n')
    expect(lines[0]).toBe('/img/bin/busybox')
    const rest = lines.slice(1)
    if (!differsIn('spec.volumes[].image')) expect(rest.shift()).toMatch(/busybox: Permission denied/)
    expect(rest[0]).toMatch(/Read-only file system/)
    expect(Number(rest[1])).toBeGreaterThan(0)
  })

  test('variables come from a file in a volume, as an init container wrote it', () => {
    expect(written.get('env-file')).toBe('from the file from the file! unset')
  })

  test('an ephemeral volume goes to the trash with its pod', () => {
    expect(existsSync(folder('ephemeral-scratch'))).toBe(false)
    const trash = readdirSync(join(world.root, 'trash'))
    expect(trash).toEqual([expect.stringMatching(/^\d{8}T\d{6}\.\d{3}Z-default-ephemeral-scratch$/)])
    expect(readFileSync(join(world.root, 'trash', trash[0] ?? '', 'file'), 'utf8')).toBe('mine\n')
  })
})

test('a claim outlives its pods, is the group’s of whoever uses it, and goes to the trash when it has left the commit', async () => {
  expect(await logs(world, 'writer')).toContain('2000')
  expect(statSync(folder('data')).gid).toBe(2000)
  expect(statSync(folder('data')).mode & 0o2070).toBe(0o2070)
  await applied(claim)
  expect(readFileSync(join(folder('data'), 'file'), 'utf8')).toBe('kept\n')
  await applied(claim, claimed('reader', `cat /data/file; echo more >> /data/file; ${IDLE}`))
  expect(await logs(world, 'reader')).toBe('kept')
  const listed = JSON.parse((await world.run('status', '-o', 'json')).stdout) as {
    readonly items: readonly { readonly kind: string; readonly status: Fields }[]
  }
  expect(listed.items.find(({ kind }) => kind === 'PersistentVolumeClaim')?.status).toEqual({
    phase: 'Bound',
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
  })
  await applied(settings('2'))
  expect(existsSync(folder('data'))).toBe(false)
  const trash = readdirSync(join(world.root, 'trash')).find((name) => name.endsWith('-default-data'))
  expect(readFileSync(join(world.root, 'trash', trash ?? '', 'file'), 'utf8')).toBe('kept\nmore\n')
})
