import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Job } from '../../engine/api/generated/types.ts'
import { eventually, World } from '../support/engine.ts'
import { engineAtWork, files, NEVER_READY, sh } from '../support/pods.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

let registry: Registry
const worlds: World[] = []

beforeAll(async () => {
  registry = await startRegistry()
  for (let count = 0; count < 3; count += 1) {
    const world = await World.create({ registry: registry.url })
    mkdirSync(notesOf(world))
    worlds.push(world)
  }
})

afterAll(async () => {
  await Promise.all(worlds.map((world) => world[Symbol.asyncDispose]()))
  await registry[Symbol.asyncDispose]()
})

/** All of them wait for most of their time: they run side by side, each in a world of its own. */
function worldAt(index: number): World {
  const world = worlds[index]
  if (world === undefined) throw new Error(`there is no world ${index}`)
  return world
}

const notesOf = ({ folder }: World): string => join(folder, 'notes')

type Fields = Readonly<Record<string, unknown>>

/** A template whose container writes to the notes of its Job. */
function template(world: World, script: string, restartPolicy = 'Never'): Fields {
  const volumeMounts = [{ name: 'notes', mountPath: '/notes' }]
  return {
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: 0,
      volumes: [{ name: 'notes', hostPath: { path: notesOf(world) } }],
      containers: [sh(script, { volumeMounts })],
    },
  }
}

function job(world: World, name: string, script: string, spec: Fields = {}): Fields {
  const metadata = { name }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    spec: { template: template(world, script), ...spec },
  }
}

function linesOf(world: World, name: string): readonly string[] {
  return readFileSync(join(notesOf(world), name), 'utf8')
    .trimEnd()
    .split('\n')
}

async function jobs(world: World): Promise<readonly Job[]> {
  const { exitCode, stderr, stdout } = await world.run('status', '-o', 'json', '--repo', world.repo)
  if (exitCode !== 0) throw new Error(`status ended with ${exitCode}: ${stderr}`)
  const list = JSON.parse(stdout) as { readonly items: readonly Job[] }
  return list.items.filter(({ kind }) => kind === 'Job')
}

async function jobNamed(world: World, name: string): Promise<Job | undefined> {
  return (await jobs(world)).find(({ metadata }) => metadata.name === name)
}

/** The first five wait for one another. */
const INDEXED = `echo "begin $JOB_COMPLETION_INDEX $(hostname)" >> /notes/indexed
until [ $(grep -c begin /notes/indexed) -ge 5 ]; do sleep 0.05; done; echo "end $JOB_COMPLETION_INDEX" >> /notes/indexed
test $JOB_COMPLETION_INDEX != 7 || { echo "index 7 is broken" >&2; exit 42; }`
const SECOND_TRY = `test -e /notes/tried && exit 0; touch /notes/tried; exit 1`
const RESTARTED = `test -e /notes/restarted && exit 0; touch /notes/restarted; exit 1`

test.concurrent('twenty indexes are done five at a time, the one that fails is told, and a failed pod is tried again after its back-off', {
  timeout: 120_000,
}, async () => {
  const world = worldAt(0)
  const indexed = { completionMode: 'Indexed', completions: 20, parallelism: 5, backoffLimitPerIndex: 0 }
  const restarted = { template: template(world, RESTARTED, 'OnFailure') }
  await world.commit(
    files(
      job(world, 'indexed', INDEXED, indexed),
      job(world, 'second-try', SECOND_TRY),
      job(world, 'restarted', '', restarted),
    ),
  )
  const run = await world.once()
  expect(run.exitCode).toBe(1)
  expect(run.stderr).toContain('Job default/indexed: failed: FailedIndexes: Job has failed indexes')
  expect(run.stderr).toMatch(/^ {2}pod default\/indexed-7-\w{5}$/m)
  expect(run.stderr).toMatch(/^ {4}container main: last ended with exit code 42, Error/m)
  expect(run.stderr).toContain('      | index 7 is broken')
  const lines = linesOf(world, 'indexed')
  const begun = lines.filter((line) => line.startsWith('begin')).map((line) => line.split(' '))
  expect(begun.map(([, index]) => Number(index)).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, index) => index),
  )
  for (const [, index, host] of begun) expect(host).toBe(`indexed-${index}`)
  let [atOnce, most] = [0, 0]
  for (const line of lines) {
    atOnce += line.startsWith('begin') ? 1 : -1
    most = Math.max(most, atOnce)
  }
  expect(most).toBe(5)
  expect((await jobNamed(world, 'indexed'))?.status).toMatchObject({
    completedIndexes: '0-6,8-19',
    failedIndexes: '7',
    succeeded: 19,
    failed: 1,
    active: 0,
    conditions: [{ type: 'FailureTarget' }, { type: 'Failed', status: 'True', reason: 'FailedIndexes' }],
  })
  expect((await jobNamed(world, 'second-try'))?.status).toMatchObject({ succeeded: 1, failed: 1 })
  // The node itself restarted this one's container, in the same pod.
  expect((await jobNamed(world, 'restarted'))?.status).toMatchObject({ succeeded: 1, failed: 0 })
  // Their pods stay, with their logs, and nothing is run a second time.
  const log = await world.run('logs', 'job/second-try')
  expect(log.exitCode).toBe(0)
  const again = await world.once()
  expect([again.exitCode, again.stdout]).toEqual([1, expect.stringContaining('nothing changed, 23 pods')])
  expect(linesOf(world, 'indexed')).toHaveLength(40)
})

test.concurrent('a Job whose engine is killed again and again counts each of its pods once', {
  timeout: 120_000,
}, async () => {
  const world = worldAt(1)
  const script = 'echo ran >> /notes/killed; sleep 0.2'
  await world.commit(files(job(world, 'killed', script, { completions: 12, parallelism: 4 })))
  for (let kills = 0; kills < 4; kills += 1) {
    const doomed = world.start('--once', '--approve', '--repo', world.repo)
    const delay = setTimeout(() => doomed.kill('SIGKILL'), 700 + kills * 173)
    await doomed
    clearTimeout(delay)
  }
  const last = await world.once()
  expect(last, last.stderr).toMatchObject({ exitCode: 0 })
  expect((await jobNamed(world, 'killed'))?.status).toMatchObject({ succeeded: 12, failed: 0 })
  expect(linesOf(world, 'killed')).toHaveLength(12)
})

/** With three ticks for those who have the time. */
const TICKS = process.env['RECONCILE_LONG'] === undefined ? 1 : 3

async function untilClock(epochMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, epochMs - Date.now())))
}

test.concurrent('a CronJob whose engine is killed before a tick and again and again after it starts one Job for each scheduled time', {
  timeout: (TICKS + 1) * 60_000 + 60_000,
}, async () => {
  const world = worldAt(2)
  const jobTemplate = { spec: { template: template(world, 'echo $(date +%s) >> /notes/ticks') } }
  const spec = { schedule: '* * * * *', jobTemplate }
  const cron = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'tick' }, spec }
  await world.commit(files(cron, NEVER_READY))
  // Late in a minute the first run might see its tick itself.
  if (60_000 - (Date.now() % 60_000) < 10_000) await untilClock(Math.ceil(Date.now() / 60_000) * 60_000)
  const expected: string[] = []
  for (let tick = 0; tick < TICKS; tick += 1) {
    const dueMs = Math.ceil(Date.now() / 60_000) * 60_000
    {
      await using _engine = await engineAtWork(world)
      await untilClock(dueMs - 5000)
    }
    const doomed = world.start('--once', '--approve', '--timeout', '600s', '--repo', world.repo)
    await untilClock(dueMs - 500)
    doomed.kill('SIGKILL')
    await doomed
    await untilClock(dueMs + 100)
    for (const lifeMs of [900, 1200, 1500]) {
      const killed = world.start('--once', '--approve', '--timeout', '600s', '--repo', world.repo)
      const delay = setTimeout(() => killed.kill('SIGKILL'), lifeMs)
      await killed
      clearTimeout(delay)
    }
    expected.push(`tick-${dueMs / 60_000}`)
    await using _engine = await engineAtWork(world)
    const made = await eventually(
      () => jobs(world),
      (all) => all.length > 0 && all.every(({ status }) => status?.completionTime !== undefined),
    )
    expect(made.map(({ metadata }) => metadata.name).toSorted()).toEqual(expected)
    expect(linesOf(world, 'ticks')).toHaveLength(expected.length)
    const scheduled = made.at(-1)?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp']
    expect(Date.parse(scheduled ?? '')).toBe(dueMs)
  }
})
