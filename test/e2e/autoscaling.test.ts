import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { HorizontalPodAutoscaler } from '../../engine/api/generated/types.ts'
import { runningContainers } from '../support/containers.ts'
import { eventually, type World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { workload } from '../support/manifests.ts'
import { engineAtWork, files, NEVER_READY, sh } from '../support/pods.ts'

let world: World
let load: string

ownWorld((own) => {
  world = own
  load = join(world.folder, 'load')
  mkdirSync(load)
})

/** Busy as long as there is a file, with a tenth of a core, which is twice its request; else asleep. */
const BUSY = 'while :; do while [ -e /load/on ]; do :; done; sleep 0.2; done'

function web(path: string): Readonly<Record<string, unknown>> {
  const container = sh(BUSY, {
    volumeMounts: [{ name: 'load', mountPath: '/load' }],
    resources: { requests: { cpu: '50m' }, limits: { cpu: '100m' } },
  })
  const volumes = [{ name: 'load', hostPath: { path } }]
  return workload('Deployment', 'web', { containers: [container], volumes })
}

const autoscaler = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    maxReplicas: 3,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
      },
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
  },
}

interface Seen {
  /** As the kernel has them. */
  readonly running: number
  readonly replicas: number | undefined
  readonly percent: number | undefined
}

async function look(): Promise<Seen> {
  const running = await runningContainers(world.root)
  const status = recorded()
  return {
    running: running.filter(({ command }) => command.includes('/load/on')).length,
    replicas: status?.desiredReplicas,
    percent: status?.currentMetrics?.[0]?.resource?.current.averageUtilization,
  }
}

function recorded(): HorizontalPodAutoscaler['status'] {
  const file = join(world.root, 'records/HorizontalPodAutoscaler/default/web.json')
  if (!existsSync(file)) return undefined
  const record = JSON.parse(readFileSync(file, 'utf8')) as { readonly object: HorizontalPodAutoscaler }
  return record.object.status
}

test('pods are added under real load, and taken away when it is over', { timeout: 120_000 }, async () => {
  writeFileSync(join(load, 'on'), '')
  await world.commit(files(web(load), autoscaler, NEVER_READY))
  await using _engine = await engineAtWork(world)
  const busy = await eventually(look, ({ replicas, running }) => replicas === 3 && running === 3, 60_000)
  expect(busy.percent).toBeGreaterThan(66)
  rmSync(join(load, 'on'))
  const idle = await eventually(look, ({ replicas, running }) => replicas === 1 && running === 1, 60_000)
  expect(idle.percent).toBeLessThan(54)
  expect(recorded()?.conditions?.map(({ reason }) => reason)).toContain('ValidMetricFound')
  const { stdout } = await world.run('status')
  expect(stdout).toMatch(/horizontalpodautoscaler\/web +Deployment\/web +cpu: \d+%\/60% +1 +3 +\d/)
})

async function running(): Promise<readonly number[]> {
  return (await runningContainers(world.root)).map(({ pid }) => pid)
}

test('what would happen is told, of this commit and of others, and the real pods are left as they are', async () => {
  const before = await running()
  expect(before).toHaveLength(2)
  const first = (await world.git('rev-parse', 'HEAD')).trim()
  await world.commit(files({ ...web(load), metadata: { name: 'other' } }))
  const plan = (...args: readonly string[]) => world.run('plan', '--repo', world.repo, ...args)
  const next = await plan()
  expect(next.stdout).toMatch(/- delete web-\S+: Deployment default\/web is no longer in the repository/)
  expect(next.stdout).toContain('1 to create, 2 to delete')
  const same = await plan('--at', first, '--detailed-exitcode')
  expect(same.stdout).toContain(`commit ${first.slice(0, 7)}`)
  expect(same.stdout).toContain('2 unchanged')
  const played = await plan('--at', first, '--simulate', 'object=Deployment/web deleted')
  expect(played.stdout).toMatch(
    /\+0\.\ds +pod default\/web-\S+: is deleted on \S+: Deployment default\/web is no longer/,
  )
  expect(played.stdout).toMatch(/pod default\/web-\S+: removed\n/)
  expect(played.stdout).toContain('nothing more happens')
  const wrong = await plan('--simulate', 'node=nowhere down')
  expect([wrong.exitCode, wrong.stderr]).toEqual([
    3,
    expect.stringContaining('there is no node nowhere: there is '),
  ])
  expect(await running()).toEqual(before)
})
