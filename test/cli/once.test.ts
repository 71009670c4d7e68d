import { expect, test } from 'vitest'
import type { LogLine } from '../../engine/api/cri.ts'
import { createWorld } from '../simulation/loop/engine.ts'
import { container, deployment, desiredOf, pod } from '../simulation/loop/manifests.ts'
import { once } from './simulated.ts'

const ID = 'a'.repeat(40)
const PROBE = { readinessProbe: { exec: { command: ['ready'] } } }
const WEB = desiredOf(ID, [deployment('web', { replicas: 2 })])

test('a first run shows its plan and each change on the standard error, and sums up on the standard output', async () => {
  const shown = await once(createWorld(), WEB)
  expect(shown.status).toBe(0)
  expect(shown.stdout).toBe('commit aaaaaaaaaaaa: 2 pods created; all is healthy\n')
  expect(shown.stderr).toMatch(/Deployment default\/web\n.*\+ create web-/s)
  expect(shown.stderr).toMatch(/^pod default\/web-\S+: created$/m)
  expect(shown.stderr).toMatch(/^pod default\/web-\S+: ready$/m)
  expect(shown.stderr).toMatch(/^until reconcile runs again:$/m)
})

test('a second run says that nothing changed', async () => {
  const world = createWorld()
  await once(world, WEB)
  const shown = await once(world, WEB)
  expect(shown.status).toBe(0)
  expect(shown.stdout).toBe('commit aaaaaaaaaaaa: nothing changed, 2 pods unchanged; all is healthy\n')
  expect(shown.stderr).toBe('')
})

test('a run that scales, or removes, counts what it did', async () => {
  const world = createWorld()
  await once(world, WEB)
  const more = await once(world, desiredOf('b'.repeat(40), [deployment('web', { replicas: 3 })]))
  expect(more.stdout).toBe('commit bbbbbbbbbbbb: 1 pod created, 2 pods unchanged; all is healthy\n')
  const none = await once(world, desiredOf('c'.repeat(40), []))
  expect(none).toMatchObject({ status: 0, stdout: 'commit cccccccccccc: 3 pods removed; all is healthy\n' })
})

test('with -o json the standard output is one document', async () => {
  const shown = await once(createWorld(), WEB, { argv: ['--once', '-o', 'json'] })
  expect(JSON.parse(shown.stdout)).toMatchObject({
    kind: 'Outcome',
    outcome: 'healthy',
    commit: ID,
    changed: { created: [expect.stringMatching(/^default\/web-/), expect.anything()], removed: [] },
    unhealthy: [],
  })
})

test('with --log-format json each line of the standard error is a document', async () => {
  const shown = await once(createWorld(), WEB, { argv: ['--once', '--log-format', 'json', '-o', 'json'] })
  const lines = shown.stderr.trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(2)
  for (const line of lines)
    expect(JSON.parse(line)).toMatchObject({ level: 'info', message: expect.any(String) })
  expect(JSON.parse(lines.find((line) => line.includes('createPod')) ?? '{}')).toMatchObject({
    event: 'actionEnded',
    object: 'Deployment/default/web',
    node: 'local',
    pod: expect.stringMatching(/^default\/web-/),
    action: 'createPod',
    reason: expect.any(String),
  })
})

test('an image that does not exist ends the run with 1 and names pod, container, reason and image', async () => {
  const shown = await once(createWorld(), WEB, { pullable: () => false })
  expect(shown.status).toBe(1)
  expect(shown.stderr).toMatch(/^Deployment default\/web: /m)
  expect(shown.stderr).toMatch(/^ {2}pod default\/web-\S+/m)
  expect(shown.stderr).toMatch(/container app: (ErrImagePull|ImagePullBackOff).*registry\.example\/app:1/s)
  expect(shown.stderr).toMatch(/^error: commit aaaaaaaaaaaa is applied, but /m)
})

test('a trouble that pods share is told once in the summary, and in progress by a line without the registry’s words', async () => {
  const shown = await once(createWorld(), WEB, { pullable: () => false })
  const summary = shown.stderr.slice(
    shown.stderr.indexOf('Deployment default/web: failed: ErrImagePull\n  pod'),
  )
  expect(summary.match(/ErrImagePull: /g)).toHaveLength(1)
  expect(summary).toMatch(/^ {4}container app: the same$/m)
  expect(shown.stderr).not.toMatch(/^Deployment default\/web: failed: ErrImagePull: /m)
})

test('init containers are told as such', async () => {
  const desired = desiredOf(ID, [
    pod('steps', { initContainers: [container('one'), container('two')], containers: [container('app')] }),
  ])
  const world = createWorld(({ container: name }) =>
    name === 'app' ? {} : { exitAfterMs: 1000, exitCode: 0 },
  )
  const shown = await once(world, desired)
  const told = shown.stderr.split('\n').filter((line) => line.startsWith('pod '))
  expect(told).toEqual([
    'pod default/steps: created',
    'pod default/steps: init 0 of 2',
    'pod default/steps: init 1 of 2',
    'pod default/steps: 1 of 1 running, 0 ready',
    'pod default/steps: ready',
  ])
})

test('a pod that crashes is told with its exit code and the last lines of its log', async () => {
  const world = createWorld(() => ({ exitAfterMs: 10, exitCode: 7, readyAfterMs: 3_600_000 }))
  const desired = desiredOf(ID, [
    pod('job', { restartPolicy: 'Never', containers: [container('app', PROBE)] }),
  ])
  async function* logs(): AsyncIterable<LogLine> {
    yield { at: '2026-01-01T00:00:00Z', stream: 'stderr', text: 'no \u001b[31mdatabase' }
  }
  const shown = await once(world, desired, { logs })
  expect(shown.status).toBe(1)
  expect(shown.stderr).toMatch(/^Pod default\/job: failed: /m)
  expect(shown.stderr).toMatch(/container app: last ended with exit code 7/)
  expect(shown.stderr).toContain('      | no \ufffd[31mdatabase\n')
})

test('a run that takes too long ends with 1 and says what is missing', async () => {
  const desired = desiredOf(ID, [pod('slow', { containers: [container('app', PROBE)] })])
  const world = createWorld(() => ({ readyAfterMs: 3_600_000 }))
  const shown = await once(world, desired, { timeoutMs: 30_000 })
  expect(shown.status).toBe(1)
  expect(shown.stderr).toMatch(/not healthy within 30 s; --timeout gives more time/)
  expect(shown.stderr).toMatch(/container app: runs, and is not ready/)
})

test('an interrupted run ends with 130 and leaves the pods as they are', async () => {
  const world = createWorld(() => ({ readyAfterMs: 3_600_000 }))
  const desired = desiredOf(ID, [pod('slow', { containers: [container('app', PROBE)] })])
  const interrupted = new AbortController()
  const running = once(world, desired, { signal: interrupted.signal })
  await world.clock.runFor(5000)
  interrupted.abort()
  const shown = await running
  expect([shown.status, shown.stderr]).toEqual([130, expect.stringContaining('interrupted')])
  expect(world.node.pods.size).toBe(1)
})

test('on a terminal the picture is taken away at the end, and what was printed stays', async () => {
  const shown = await once(createWorld(), WEB, { tty: true })
  expect(shown.stderr).toContain('of 2 pods ready')
  expect(screen(shown.stderr)).not.toContain('pods ready')
  expect(screen(shown.stderr)).toMatch(/Deployment default\/web/)
})

/** What a terminal would show after these bytes: only the two sequences that the picture uses. */
function screen(text: string): string {
  const lines = ['']
  for (const part of text.split(/(\u001b\[\d+A|\u001b\[J|\n)/)) {
    const up = /^\u001b\[(\d+)A$/.exec(part)
    if (up !== null) lines.splice(Math.max(0, lines.length - 1 - Number(up[1])), Number.POSITIVE_INFINITY, '')
    else if (part === '\n') lines.push('')
    else if (part !== '\u001b[J') lines[lines.length - 1] += part
  }
  return lines.join('\n')
}
