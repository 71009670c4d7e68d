import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { World } from '../support/engine.ts'
import { engineAtWork, files, NEVER_READY, scriptPod, untilPod } from '../support/pods.ts'
import { isRefused } from '../support/runtimes.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

const HANDLER = `rc-test-${process.pid}`
/** Where the engine looks first. */
const PROGRAM = `/usr/local/sbin/${HANDLER}`

let registry: Registry
let world: World
let calls: string

beforeAll(async () => {
  registry = await startRegistry()
  world = await World.create({ registry: registry.url })
  calls = `${world.folder}/calls`
  // runc under another name, which writes down what it is asked for.
  const script = `#!/bin/sh\necho "$*" >>${calls}\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nexec runc "$@"\n`
  writeFileSync(PROGRAM, script, { mode: 0o755 })
})

afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
  rmSync(PROGRAM, { force: true })
})

function runtimeClass(name: string, handler: string) {
  return { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler }
}

const VERBS = ['run', 'create', 'start', 'exec', 'delete', 'pause', 'resume']

/** The verbs that the program was asked for about containers of a pod, in order. */
function verbsFor(uid: string): readonly string[] {
  const lines = readFileSync(calls, 'utf8')
    .split('\n')
    .filter((line) => line.includes(uid))
  return lines.flatMap((line) => line.split(' ').find((word) => VERBS.includes(word)) ?? [])
}

test('a pod is made, entered, frozen and taken away by the runtime of its class, with its namespace’s limits, and waits where there is none', async () => {
  const spec = { runtimeClassName: 'second', shareProcessNamespace: true }
  if (await isRefused(world, scriptPod('second', 'exec sleep 3600', {}, spec))) return
  const absent = scriptPod('absent', 'true', {}, { runtimeClassName: 'absent' })
  const limits = [{ type: 'Container', default: { memory: '64Mi' } }]
  const range = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'few' }, spec: { limits } }
  const classes = [runtimeClass('second', HANDLER), runtimeClass('absent', `${HANDLER}-not`)]
  await world.commit(
    files(...classes, range, NEVER_READY, absent, scriptPod('second', 'exec sleep 3600', {}, spec)),
  )
  {
    await using _engine = await engineAtWork(world)
    const { metadata } = await untilPod(world, 'second', ({ status }) => status.phase === 'Running')
    expect(await world.exec('second', 'echo', 'inside')).toBe('inside')
    // What its LimitRange gave it, too.
    const limit = 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat /sys/fs/cgroup/memory.max'
    expect(await world.exec('second', 'sh', '-c', limit)).toBe(String(64 * 1024 * 1024))
    // The first is the pause process of the pod.
    expect(verbsFor(metadata.uid)).toEqual(['run', 'create', 'start', 'exec', 'exec'])
    await untilPod(world, 'absent', ({ status }) =>
      JSON.stringify(status).includes(`no runtime for \\"${HANDLER}-not\\" is configured`),
    )
    expect((await world.pod('absent')).status.phase).toBe('Pending')
  }
  const { uid } = (await world.pod('second')).metadata
  await world.run('freeze', 'second')
  await world.run('thaw', 'second')
  expect(verbsFor(uid).slice(5)).toEqual(['pause', 'resume'])
  await world.commit(files(runtimeClass('second', 'runc')))
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  expect(verbsFor(uid).filter((verb) => verb === 'delete')).toHaveLength(2)
  expect((await world.pods()).map(({ metadata }) => metadata.name)).toEqual([])
})
