import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventually, type World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { type RunningContainer, runningContainers } from '../support/containers.ts'
import { sleeper, workload } from '../support/manifests.ts'
import { files } from '../support/pods.ts'
import { FAST_COMMAND, RUNTIME } from '../support/runtimes.ts'

let world: World

type Fields = Readonly<Record<string, unknown>>

/** Its containers sleep for as long as its version says, by which they are told apart. */
function deployment(version: number, spec: Fields = {}, container: Fields = {}): Fields {
  const containers = [sleeper(9_000 + version, container)]
  return workload('Deployment', 'web', { containers }, { replicas: 4, ...spec })
}

const READY = { readinessProbe: { exec: { command: ['true'] }, ...FAST_COMMAND } }
const NEVER = { readinessProbe: { exec: { command: ['false'] }, ...FAST_COMMAND } }

async function versions(): Promise<readonly number[]> {
  const running = await runningContainers(world.root)
  return running.flatMap(versionOf)
}

function versionOf({ command }: RunningContainer): readonly number[] {
  const version = /^sleep (9\d{3})$/.exec(command)?.[1]
  return version === undefined ? [] : [Number(version) - 9_000]
}

/** Of the pods that count for Kubernetes: not of those that were told to end, which podman and docker take their time for. */
async function versionsWanted(): Promise<readonly number[]> {
  if (RUNTIME === 'oci') return await versions()
  const running = await runningContainers(world.root)
  return running.filter(({ pid }) => !isEnding(pid)).flatMap(versionOf)
}

function isEnding(pid: number): boolean {
  let groups: string
  try {
    groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  } catch {
    // It has ended meanwhile.
    return true
  }
  const uid = /\/pod([0-9a-f-]{36})/.exec(groups)?.[1]
  if (uid === undefined) throw new Error(`process ${pid} is in no pod's group: ${groups}`)
  const record = join(world.root, 'pods', uid, 'pod.json')
  return !existsSync(record) || readFileSync(record, 'utf8').includes('"deletionTimestamp"')
}

/** What runs at every moment while `work` goes on. */
async function watch(
  work: Promise<unknown>,
  look: () => Promise<readonly number[]> = versions,
): Promise<readonly (readonly number[])[]> {
  const seen: (readonly number[])[] = []
  let done = false
  void work.finally(() => {
    done = true
  })
  while (!done) {
    seen.push(await look())
    await new Promise((resolve) => setImmediate(resolve))
  }
  return seen
}

interface ShownDeployment {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }
  readonly status: {
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly availableReplicas?: number
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly reason?: string
    }[]
  }
}

async function shown(): Promise<ShownDeployment> {
  const { stdout } = await world.run('status', '-o', 'json', '--repo', world.repo)
  const list = JSON.parse(stdout) as {
    readonly items: readonly (ShownDeployment & { readonly kind: string })[]
  }
  const found = list.items.find(({ kind }) => kind === 'Deployment')
  if (found === undefined) throw new Error(`no Deployment in ${stdout}`)
  return found
}

const revision = async () => (await shown()).metadata.annotations?.['deployment.kubernetes.io/revision']

async function apply(...args: Parameters<typeof deployment>) {
  await world.commit(files(deployment(...args)))
  return world.once('--timeout', '60s')
}

async function rollOut(...args: Parameters<typeof deployment>): Promise<void> {
  const run = await apply(...args)
  expect(run, run.stderr).toMatchObject({ exitCode: 0 })
}

ownWorld((own) => {
  world = own
})

test('Recreate never has two generations at once', async () => {
  const recreate = { strategy: { type: 'Recreate' } }
  await rollOut(1, recreate, READY)
  await world.commit(files(deployment(2, recreate, READY)))
  const rolling = world.once()
  const seen = await watch(rolling)
  expect((await rolling).exitCode).toBe(0)
  expect(seen.filter((now) => new Set(now).size > 1)).toEqual([])
  expect(seen.some((now) => now.includes(1))).toBe(true)
  expect(await versions()).toEqual([2, 2, 2, 2])
})

test('percentages: maxSurge is rounded up, maxUnavailable down', async () => {
  // 30 % of 4: at most 4 + 2 pods, at least 4 - 1 of them available.
  const spec = { strategy: { rollingUpdate: { maxSurge: '30%', maxUnavailable: '30%' } } }
  await rollOut(3, spec, READY)
  await world.commit(files(deployment(4, spec, READY)))
  const rolling = world.once()
  const seen = await watch(rolling, versionsWanted)
  expect((await rolling).exitCode).toBe(0)
  const counts = seen.map((now) => now.length)
  expect(Math.max(...counts)).toBeLessThanOrEqual(6)
  expect(Math.max(...counts)).toBeGreaterThan(4)
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(3)
  expect(await versions()).toEqual([4, 4, 4, 4])
})

test('an earlier template takes its ReplicaSet up again, and its revision rises', async () => {
  const names = async () => new Set((await world.pods()).map((pod) => pod.metadata.name.split('-')[1]))
  await rollOut(5)
  const [first, before] = [await names(), Number(await revision())]
  await rollOut(6)
  expect(Number(await revision())).toBe(before + 1)
  await rollOut(5)
  expect(await names()).toEqual(first)
  expect(Number(await revision())).toBe(before + 2)
  expect(await versions()).toEqual([5, 5, 5, 5])
})

test('a paused one is scaled and not rolled out, until it is paused no more', async () => {
  await rollOut(7, { replicas: 2 })
  const paused = await apply(8, { replicas: 3, paused: true })
  expect(paused, paused.stderr).toMatchObject({ exitCode: 0 })
  expect(await versions()).toEqual([7, 7, 7])
  await rollOut(8, { replicas: 3 })
  expect(await versions()).toEqual([8, 8, 8])
})

test('minReadySeconds keeps a pod that has only just become ready from counting as available', async () => {
  const spec = {
    replicas: 1,
    minReadySeconds: 3,
    strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  }
  await rollOut(9, spec)
  await world.commit(files(deployment(10, spec)))
  const rolling = world.once()
  await eventually(versions, (now) => now.includes(10))
  await eventually(versions, (now) => !now.includes(9))
  const goneMs = Date.now()
  expect((await rolling).exitCode).toBe(0)
  const [pod] = await world.pods()
  const ready = pod?.status.conditions?.find(({ type }) => type === 'Ready')
  expect(goneMs - Date.parse(ready?.lastTransitionTime ?? '')).toBeGreaterThanOrEqual(3_000)
})

test('a rollout that makes no progress in time has failed, with exit status 1, and the old pods stay', async () => {
  const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  await rollOut(11, { replicas: 2, strategy }, READY)
  const broken = await apply(12, { replicas: 2, strategy, progressDeadlineSeconds: 2 }, NEVER)
  expect(broken.exitCode).toBe(1)
  // Told by the deadline, and not by the run's own.
  expect(broken.stderr).toMatch(/1 object failed/)
  expect(broken.stderr).toMatch(/ProgressDeadlineExceeded|exceeded its progress deadline/)
  expect((await versions()).toSorted((a, b) => a - b)).toEqual([11, 11, 12])
  const { status } = await shown()
  expect(status.conditions).toContainEqual(
    expect.objectContaining({ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }),
  )
  expect(status).toMatchObject({ replicas: 3, updatedReplicas: 1, availableReplicas: 2 })
})
