import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { World } from '../support/engine.ts'
import { machineTraces } from '../support/machine.ts'
import { files, pod, sh } from '../support/pods.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

type Fields = Readonly<Record<string, unknown>>

let registry: Registry
let world: World
let disks: string

beforeAll(async () => {
  registry = await startRegistry()
  world = await World.create({ registry: registry.url })
  disks = mkdtempSync(join(tmpdir(), 'reconcile-disks-'))
})

afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
  rmSync(disks, { recursive: true, force: true })
})

function volume(name: string, source: Fields): Fields {
  const spec = { capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'disk' }
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec: { ...spec, ...source } }
}

function here(): Fields {
  const requirement = { key: 'kubernetes.io/hostname', operator: 'In', values: [hostname()] }
  return { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [requirement] }] } } }
}

const set: Fields = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db' },
  spec: {
    selector: { matchLabels: { app: 'db' } },
    template: {
      metadata: { labels: { app: 'db' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          sh('echo of-the-set >> /data/file; exec sleep 3600', {
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          }),
        ],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: {
          storageClassName: 'disk',
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
        },
      },
    ],
  },
}

const claim: Fields = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'notes' },
  spec: {
    storageClassName: 'disk',
    volumeName: 'path',
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
  },
}

const writer = pod('writer', {
  volumes: [{ name: 'notes', persistentVolumeClaim: { claimName: 'notes' } }],
  containers: [
    sh('echo of-the-pod > /n/file; exec sleep 3600', { volumeMounts: [{ name: 'notes', mountPath: '/n' }] }),
  ],
})

async function applied(...objects: readonly Fields[]): Promise<void> {
  await world.commit(files(...objects))
  const run = await world.once()
  if (run.exitCode !== 0) throw new Error(`--once ended with ${run.exitCode}: ${run.stderr}${run.stdout}`)
}

async function rows(kind: string): Promise<readonly string[]> {
  const { stdout } = await world.run('status', '--repo', world.repo)
  const lines = stdout.split('\n').filter((line) => line.includes(`${kind}/`))
  return lines.map((line) => line.replaceAll(/\s+/g, ' ').replace(/ \d+\w+ (healthy|\S+)\s*$/, ' $1'))
}

test('claims of a set and of a pod are folders that somebody else has made; a volume stays with its data and is released', async () => {
  const disk = join(disks, 'disk')
  mkdirSync(disk)
  const volumes = [
    volume('disk', { local: { path: disk }, ...here() }),
    volume('path', { hostPath: { path: join(disks, 'path') } }),
  ]
  await applied(set, claim, writer, ...volumes)
  expect(readFileSync(join(disk, 'file'), 'utf8')).toBe('of-the-set\n')
  expect(readFileSync(join(disks, 'path/file'), 'utf8')).toBe('of-the-pod\n')
  expect(existsSync(join(world.root, 'claims'))).toBe(false)
  expect(await rows('persistentvolume')).toEqual([
    expect.stringContaining('persistentvolume/disk 2Gi RWO Retain Bound default/data-db-0 disk'),
    expect.stringContaining('persistentvolume/path 2Gi RWO Retain Bound default/notes disk'),
  ])
  expect(await rows('persistentvolumeclaim')).toEqual([
    expect.stringContaining('persistentvolumeclaim/data-db-0 Bound disk 2Gi RWO disk'),
    expect.stringContaining('persistentvolumeclaim/notes Bound path 2Gi RWO disk'),
  ])
  await applied(...volumes, set)
  expect(await rows('persistentvolume')).toEqual([
    expect.stringContaining('Bound default/data-db-0'),
    expect.stringContaining('Released default/notes'),
  ])
  expect(readFileSync(join(disks, 'path/file'), 'utf8')).toBe('of-the-pod\n')
  const mounts = machineTraces(world.root).mounts
  expect(mounts.filter((line) => line.includes('/mounts/'))).toEqual([])
})
