import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EngineRun, ShownPod, World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { machineTraces, rootIdOf } from '../support/machine.ts'
import { containerOf, files, logs, pod, scriptPod, sh } from '../support/pods.ts'
import { startOf } from '../support/ranges.ts'
import { RUNTIME } from '../support/runtimes.ts'

let world: World
let run: EngineRun
let shown: ReadonlyMap<string, ShownPod>

const data = { name: 'data', mountPath: '/data' }
const withData = { volumes: [{ name: 'data', emptyDir: {} }] }

/** Exits as told the first time, and runs on the second. */
const onceThenOn = (code: number) => `[ -e /data/tried ] && exec sleep 3600; touch /data/tried; exit ${code}`

function rules(...exitRules: readonly (readonly [action: string, operator: string, ...values: number[]])[]) {
  return exitRules.map(([action, operator, ...values]) => ({ action, exitCodes: { operator, values } }))
}

function pods() {
  return [
    ...Array.from({ length: 6 }, (_, n) =>
      pod(`done-${n}`, {
        volumes: [{ name: 'data', emptyDir: { medium: 'Memory' } }],
        initContainers: [sh('true', { name: 'setup', volumeMounts: [data] })],
        containers: [
          sh(`echo worked ${n}`, {
            volumeMounts: [data],
            ports: [{ containerPort: 80, hostPort: 42_300 + n }],
          }),
        ],
      }),
    ),
    scriptPod('failed', 'echo broken; exit 3'),
    // Never ready, so that it is waited for until its time is up.
    scriptPod(
      'too-late',
      'trap "echo told; exit 0" TERM; while :; do sleep 0.1; done',
      { readinessProbe: { exec: { command: ['false'] }, periodSeconds: 60 } },
      // So many pods at once take podman and docker longer to begin.
      {
        activeDeadlineSeconds: RUNTIME === 'oci' ? 8 : 30,
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 10,
      },
    ),
    pod('ruled', {
      ...withData,
      containers: [
        sh(onceThenOn(42), {
          volumeMounts: [data],
          restartPolicy: 'Never',
          restartPolicyRules: rules(['Restart', 'In', 42]),
        }),
      ],
    }),
    pod('not-ruled', {
      restartPolicy: 'Always',
      containers: [
        sh('exit 7', { restartPolicy: 'Never', restartPolicyRules: rules(['Restart', 'In', 42]) }),
        sh('exit 0', { name: 'good', restartPolicy: 'OnFailure' }),
      ],
    }),
    pod('all-again', {
      ...withData,
      initContainers: [sh('echo setup >> /data/log', { name: 'setup', volumeMounts: [data] })],
      containers: [
        sh(`echo main >> /data/log; ${onceThenOn(88)}`, {
          volumeMounts: [data],
          restartPolicy: 'Never',
          restartPolicyRules: rules(['RestartAllContainers', 'In', 88]),
        }),
        sh('echo other >> /data/log; exec sleep 3600', { name: 'other', volumeMounts: [data] }),
      ],
    }),
  ]
}

ownWorld(async (own) => {
  world = own
  await world.commit(files(...pods()))
  run = await world.once()
  shown = new Map((await world.pods()).map((one) => [one.metadata.name, one]))
})

function podNamed(name: string): ShownPod {
  const found = shown.get(name)
  if (found === undefined) throw new Error(`no pod ${name}: ${run.stderr}`)
  return found
}

describe('pods that have ended', () => {
  test('keep their phase, their exits and their logs', async () => {
    expect(podNamed('done-0').status.phase).toBe('Succeeded')
    // The address that it had, as Kubernetes keeps it: another pod may have it by now.
    expect(podNamed('done-0').status.podIP).toMatch(startOf(world.ranges.podCIDR))
    expect(containerOf(podNamed('done-0')).state['terminated']).toMatchObject({ exitCode: 0 })
    expect(await logs(world, 'done-3')).toBe('worked 3')
    expect(podNamed('failed').status.phase).toBe('Failed')
    expect(await logs(world, 'failed')).toBe('broken')
  })

  test('have nothing left in the kernel, and on disk no more than their logs and records', () => {
    const uids = [...shown.values()].map(({ metadata }) => metadata.uid)
    const ended = [...shown.values()].filter(({ status }) => /Succeeded|Failed/.test(status.phase))
    expect(ended.map(({ metadata }) => metadata.name)).toEqual([
      ...['done-0', 'done-1', 'done-2', 'done-3', 'done-4', 'done-5', 'failed', 'not-ruled', 'too-late'],
    ])
    const alive = uids.length - ended.length
    const { cgroups, links, mounts, processes } = machineTraces(world.root)
    expect(links).toHaveLength(1 + alive)
    expect(mounts.filter((mount) => mount.includes(' nsfs '))).toHaveLength(3 * alive)
    const rootId = rootIdOf(world.root)
    const addresses = readdirSync(join('/run/reconcile', rootId, 'addresses', `reconcile-${rootId}`))
    expect(addresses.filter((name) => /^\d/.test(name))).toHaveLength(alive)
    for (const { metadata } of ended) {
      const { uid } = metadata
      expect([...mounts, ...processes].filter((line) => line.includes(uid))).toEqual([])
      expect(existsSync(join('/run/reconcile', rootId, 'pods', uid))).toBe(false)
      for (const group of cgroups) expect(readdirSync(group)).not.toContain(`pod${uid}`)
      const left = readdirSync(join(world.root, 'pods', uid)).toSorted()
      expect(left).toEqual(['containers', 'disarmed', 'pod.json', 'released'])
    }
  })

  test('are left as they are by the next run', async () => {
    const again = await world.once()
    expect(again.exitCode).toBe(run.exitCode)
    const now = new Map((await world.pods()).map((one) => [one.metadata.name, one]))
    expect(now.get('done-0')).toEqual(podNamed('done-0'))
    expect(now.get('failed')).toEqual(podNamed('failed'))
    expect(now.get('ruled')?.metadata.uid).toBe(podNamed('ruled').metadata.uid)
  })
})

test('a pod whose time is up is ended politely and has failed, in the words of Kubernetes', async () => {
  expect(podNamed('too-late').status).toMatchObject({
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  })
  expect(containerOf(podNamed('too-late'))).toMatchObject({ restartCount: 0 })
  expect(await logs(world, 'too-late')).toBe('told')
  expect(run.stderr).toContain('DeadlineExceeded')
})

describe('restart rules of containers', () => {
  test('go before the policies of container and pod', () => {
    expect(podNamed('ruled').status.phase).toBe('Running')
    expect(containerOf(podNamed('ruled'))).toMatchObject({
      restartCount: 1,
      ready: true,
      lastState: { terminated: { exitCode: 42 } },
    })
    expect(podNamed('not-ruled').status.phase).toBe('Failed')
    expect(containerOf(podNamed('not-ruled'))).toMatchObject({
      restartCount: 0,
      state: { terminated: { exitCode: 7 } },
    })
  })

  test('RestartAllContainers runs the whole pod again in its sandbox', async () => {
    const now = podNamed('all-again')
    expect(now.status.phase).toBe('Running')
    expect(containerOf(now, 'setup').restartCount).toBe(1)
    expect(containerOf(now).restartCount).toBe(1)
    expect(containerOf(now, 'other')).toMatchObject({ restartCount: 1, ready: true })
    const log = (await world.exec('all-again', 'cat', '/data/log')).split('\n')
    expect(log.filter((line) => line === 'setup')).toHaveLength(2)
    expect(log.slice(log.lastIndexOf('setup') + 1).toSorted()).toEqual(['main', 'other'])
  })
})

test('an engine that is killed while pods end and start anew leaves nothing that the next one does not bring to its end', async () => {
  const moments = [400, 900, 1_400]
  for (const [index, moment] of moments.entries()) {
    const named = pods().filter(({ metadata }) => KILLED.some((name) => name === nameOf(metadata)))
    const fresh = named.map((one) => ({ ...one, metadata: { name: `${nameOf(one['metadata'])}-${index}` } }))
    await world.commit(files(...fresh))
    const doomed = world.start('--once', '--approve', '--repo', world.repo)
    const timer = setTimeout(() => doomed.kill('SIGKILL'), moment)
    await doomed
    clearTimeout(timer)
    const next = await world.once()
    expect(next.exitCode, `moment ${moment}: ${next.stderr}`).toBe(1)
    const now = await world.pods()
    expect(now.map(({ metadata, status }) => [metadata.name, status.phase])).toEqual([
      [`all-again-${index}`, 'Running'],
      [`done-0-${index}`, 'Succeeded'],
      [`failed-${index}`, 'Failed'],
    ])
    const { links, mounts } = machineTraces(world.root)
    expect(links).toHaveLength(2)
    expect(mounts.filter((mount) => mount.includes(' nsfs '))).toHaveLength(3)
  }
}, 60_000)

const KILLED = ['done-0', 'failed', 'all-again']

function nameOf(metadata: unknown): string {
  return typeof metadata === 'object' && metadata !== null && 'name' in metadata ? String(metadata.name) : ''
}
