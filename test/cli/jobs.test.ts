import { expect, test } from 'vitest'
import type { CronJob, Job, JobSpec, PodSpec } from '../../engine/api/generated/types.ts'
import type { LogLine } from '../../engine/api/cri.ts'
import type { Desired } from '../../engine/api/snapshot.ts'
import { statusItems, statusText } from '../../engine/cli/statusView.ts'
import { plan } from '../../engine/planner/plan.ts'
import { observeOnce } from '../../engine/reconciler/observeOnce.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { createWorld, NODE, type World } from '../simulation/loop/engine.ts'
import { container, desiredOf } from '../simulation/loop/manifests.ts'
import { once } from './simulated.ts'

const ID = 'a'.repeat(40)

function jobSpec(name: string, changes: Partial<JobSpec> = {}): JobSpec {
  const spec: PodSpec = { restartPolicy: 'Never', containers: [container(name)] }
  return { template: { spec }, ...changes }
}

function job(name: string, changes: Partial<JobSpec> = {}): Job {
  const metadata = { name, namespace: 'default' }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: jobSpec(name, changes) }
}

function cronJob(name: string, schedule: string): CronJob {
  const metadata = { name, namespace: 'default' }
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata,
    spec: { schedule, timeZone: 'Europe/Berlin', jobTemplate: { spec: jobSpec(name) } },
  }
}

/** Containers end by what they are called. */
function machine(): World {
  return createWorld(({ container: name }) => {
    if (name === 'short') return { exitAfterMs: 2000, exitCode: 0 }
    return name === 'broken' ? { exitAfterMs: 1000, exitCode: 3 } : {}
  })
}

async function statusOf(world: World, desired: Desired) {
  const runtimes = new Map([[NODE, connectTo(world.node).runtime]])
  const snapshot = await world.clock.runUntil(observeOnce(runtimes, desired, world.clock))
  return { plan: plan(snapshot, world.clock.now()), snapshot, filter: () => true }
}

test('a run waits until its Jobs are complete', async () => {
  const world = machine()
  const desired = desiredOf(ID, [job('short', { completions: 4, parallelism: 2 })])
  const shown = await once(world, desired)
  expect([shown.status, shown.stdout]).toEqual([0, 'commit aaaaaaaaaaaa: 4 pods created; all is healthy\n'])
  expect(shown.stderr).not.toContain('Jobs that are not done')
  const text = statusText(await statusOf(world, desired), world.clock.now(), false)
  expect(text).toMatch(/^NAMESPACE +NAME +STATUS +COMPLETIONS +DURATION +AGE +HEALTH$/m)
  expect(text).toMatch(/^default +job\/short +Complete +4\/4 +4s +\d+s +healthy$/m)
  const again = await once(world, desired)
  expect(again.stdout).toMatch(/nothing changed/)
})

test('with --no-wait-jobs a run ends when they run, and says what that means', async () => {
  const world = machine()
  const desired = desiredOf(ID, [job('long', { completions: 3, parallelism: 2 })])
  const shown = await once(world, desired, { argv: ['--once', '--no-wait-jobs'] })
  expect([shown.status, shown.stdout]).toEqual([0, 'commit aaaaaaaaaaaa: 2 pods created; all is healthy\n'])
  expect(shown.stderr).toContain('  Jobs that are not done make no more pods')
  const text = statusText(await statusOf(world, desired), world.clock.now(), false)
  expect(text).toMatch(/^default +job\/long +Running +0\/3 +\d+s +\d+s +0 of 3 done, 2 active$/m)
  expect(text.match(/pod\/long-\S+ +1\/1 +Running/g)).toHaveLength(2)
})

test('a run that waits longer than it may tells how far the Job is', async () => {
  const shown = await once(machine(), desiredOf(ID, [job('long')]), { timeoutMs: 5000 })
  expect(shown.status).toBe(1)
  expect(shown.stderr).toMatch(/^Job default\/long: 0 of 1 done, 1 active$/m)
})

test('a Job that has failed is told at once with its pod, container, exit code and last lines', async () => {
  async function* logs(): AsyncIterable<LogLine> {
    yield { at: '2026-01-01T00:00:00Z', stream: 'stderr', text: 'cannot open the file' }
  }
  const shown = await once(machine(), desiredOf(ID, [job('broken', { backoffLimit: 0 })]), { logs })
  expect(shown.status).toBe(1)
  expect(shown.stderr).toMatch(
    /^Job default\/broken: failed: BackoffLimitExceeded: Job has reached the specified backoff limit; 0 of 1 done, 1 failed$/m,
  )
  expect(shown.stderr).toMatch(/^ {2}pod default\/broken-\S+$/m)
  expect(shown.stderr).toMatch(/^ {4}container broken: last ended with exit code 3, Error$/m)
  expect(shown.stderr).toContain('      | cannot open the file')
  expect(shown.stderr).toContain('error: commit aaaaaaaaaaaa is applied, but 1 object failed')
})

test('a suspended Job is not waited for', async () => {
  const shown = await once(machine(), desiredOf(ID, [job('long', { suspend: true })]))
  expect(shown.status).toBe(0)
  expect(shown.stderr).not.toContain('Jobs that are not done')
})

test('a CronJob is healthy by being there, and a run says that it starts nothing by itself', async () => {
  const world = machine()
  const desired = desiredOf(ID, [cronJob('short', '*/5 * * * *')])
  const first = await once(world, desired)
  expect(first.status).toBe(0)
  await world.clock.runFor(900_000)
  const second = await once(world, desired)
  expect(second.stdout).toBe('commit aaaaaaaaaaaa: 1 pod created; all is healthy\n')
  expect(second.stderr).toContain('  CronJobs start no Jobs')
  const status = await statusOf(world, desired)
  const text = statusText(status, world.clock.now(), false)
  expect(text).toMatch(/^NAMESPACE +NAME +SCHEDULE +TIMEZONE +SUSPEND +ACTIVE +LAST SCHEDULE +AGE +HEALTH$/m)
  expect(text).toMatch(
    /^default +cronjob\/short +\*\/5 \* \* \* \* +Europe\/Berlin +False +[01] +\d+m?\d*s? +15m +healthy$/m,
  )
  expect(text).toMatch(/^default +job\/short-\d{8} +\w+ +\d\/1 /m)
  const items = statusItems(status) as readonly { kind: string; metadata: { ownerReferences?: unknown } }[]
  expect(items.find(({ kind }) => kind === 'Job')).toMatchObject({
    metadata: { ownerReferences: [{ kind: 'CronJob', name: 'short' }] },
    spec: { selector: { matchLabels: expect.anything() } },
  })
})
