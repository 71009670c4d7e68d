import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import type { EventObject } from '../../engine/daemon/events/event.ts'
import { runningContainers } from '../support/containers.ts'
import { DaemonProcess, type LogLine } from '../support/daemon.ts'
import { eventually, type World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { files, pod, sh } from '../support/pods.ts'

const MAIN = new URL('../../engine/main.ts', import.meta.url).pathname

let world: World

ownWorld((own) => {
  world = own
})

const PROBE = { exec: { command: ['test', '!', '-e', '/tmp/sick'] }, periodSeconds: 1, failureThreshold: 1 }
const PODS = {
  ...files(
    pod('probed', {
      restartPolicy: 'Always',
      containers: [sh('exec sleep 1001', { readinessProbe: PROBE })],
    }),
    pod('web', { restartPolicy: 'Always', containers: [sh('exec sleep 1002')] }),
  ),
}
const BROKEN = 'apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec: {contaners: []}\n'

async function kill(command: string): Promise<void> {
  const found = (await runningContainers(world.root)).find((container) => container.command === command)
  if (found === undefined) throw new Error(`nothing runs ${command}`)
  process.kill(found.pid, 'SIGKILL')
}

async function events(...args: readonly string[]): Promise<readonly EventObject[]> {
  const { stdout } = await world.run('events', '-o', 'json', ...args)
  return (JSON.parse(stdout) as { readonly items: readonly EventObject[] }).items
}

function brief({ involvedObject: { kind, name }, reason }: EventObject): string {
  return `${reason} ${kind}/${name}`
}

test('the log and the events of an engine explain each step of a story', async () => {
  const first = await world.commit(PODS)
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === first)
  const watched = watchEvents('--for', 'pod/web')
  const pty = watchOnTerminal()
  const isStarted = ({ count, reason }: EventObject): boolean => reason === 'Started' && count === 1
  await eventually(
    async () => watched.events(),
    (list) => list.some(isStarted),
  )

  await kill('sleep 1002')
  await daemon.until(({ message }) =>
    message.includes('container main of pod default/web ended with exit code 137'),
  )
  await daemon.until(({ message }) => message.includes('container main of pod default/web is started again'))
  await world.exec('probed', 'touch', '/tmp/sick')
  await daemon.until(({ reason }) => reason === 'Unhealthy')
  await world.exec('probed', 'rm', '/tmp/sick')
  await daemon.until(({ message }) => message.includes('its readiness probe succeeds again, after'))
  const invalid = await world.commit({ ...PODS, 'bad.yaml': BROKEN })
  await daemon.until(({ message }) =>
    message.startsWith('bad.yaml:4:8: error: Pod default/bad: spec.contaners'),
  )
  const empty = await world.commit({})
  await daemon.until(({ reason }) => reason === 'CommitHeld')

  expect(steps(daemon.lines, { first, invalid, empty })).toEqual(STEPS)
  for (const line of daemon.lines) if (line.pod !== undefined) expect(line).toMatchObject(OF_PODS)

  const status = await world.run('status')
  expect(status.stdout).toContain(`the engine (process ${daemon.pid}, for `)
  expect(status.stdout).toContain(`commit ${first.slice(0, 12)} is applied; healthy for `)
  expect(status.stdout).toContain(`HELD: commit ${empty.slice(0, 12)}, `)
  expect(status.stdout).toContain(`reconcile approve ${empty.slice(0, 12)},`)
  await eventually(
    async () => pty.text(),
    (text) => text.includes('HELD: commit'),
  )
  expect(pty.text()).toContain('pod/probed')
  await pty.end()

  const all = await events()
  expect(all.map(brief)).toEqual(expect.arrayContaining(EVENTS))
  const seen = await eventually(
    async () => watched.events(),
    (list) => list.some(({ count, reason }) => reason === 'Started' && count === 2),
  )
  expect(new Set(seen.map(({ involvedObject }) => involvedObject.name))).toEqual(new Set(['web']))
  expect(seen.filter(({ reason }) => reason === 'Started').map(counted)).toEqual(['Started 1', 'Started 2'])
  await watched.end()
})

const OF_PODS = {
  commit: expect.stringMatching(/^[0-9a-f]{40}$/),
  object: expect.stringMatching(/^Pod\/default\/(web|probed)$/),
  node: expect.any(String),
}

const EVENTS = [
  'CommitApplied Cluster/e2e',
  'Scheduled Pod/web',
  'Pulling Pod/web',
  'Pulled Pod/web',
  'Created Pod/web',
  'Started Pod/web',
  'Error Pod/web',
  'Unhealthy Pod/probed',
  'CommitRefused Cluster/e2e',
  'CommitHeld Cluster/e2e',
]

/** What an operator looks for in the morning, in its order. */
const STEPS = [
  'first CommitSeen',
  'first CommitApplied',
  'web createPod',
  'web Pulling',
  'web Pulled',
  'web Started',
  'web Ready',
  'first CommitHealthy',
  'web Error 137',
  'web NotReady',
  'web Started',
  'web Ready',
  'invalid CommitSeen',
  'invalid CommitRefused',
  'invalid bad.yaml:4:1:',
  'invalid bad.yaml:4:8:',
  'empty CommitSeen',
  'empty CommitHeld',
]

function steps(lines: readonly LogLine[], commits: Readonly<Record<string, string>>): readonly string[] {
  const names = new Map(Object.entries(commits).map(([name, commit]) => [commit, name]))
  return lines.flatMap((line) => {
    const { commit = '', level, message, object = '', pod: of, reason = '' } = line
    const name = names.get(commit) ?? commit
    if (of === 'default/web') {
      if (line.action === 'createPod') return ['web createPod']
      const exitCode = 'exitCode' in line ? ` ${String(line.exitCode)}` : ''
      return [`web ${reason}${exitCode}`]
    }
    if (object.startsWith('Cluster/') && reason.startsWith('Commit')) return [`${name} ${reason}`]
    return level === 'error' ? [`${name} ${message.split(' ')[0] ?? ''}`] : []
  })
}

function watchEvents(...args: readonly string[]) {
  const running = world.start('events', '-w', '-o', 'json', ...args)
  const lines: string[] = []
  createInterface({ input: running.stdout }).on('line', (line) => lines.push(line))
  return {
    events: () => lines.map((line) => JSON.parse(line) as EventObject),
    async end() {
      running.kill('SIGINT')
      await running
    },
  }
}

/** `status --watch` as on a terminal: script(1) gives it one. */
function watchOnTerminal() {
  const command = `stty cols 200 rows 50; exec ${process.execPath} ${MAIN} --root ${world.root} status -w`
  const running = execa('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    reject: false,
    stdin: 'pipe',
  })
  let shown = ''
  running.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString('utf8')
  })
  return {
    text: () => shown,
    /** As Ctrl-C does. */
    async end() {
      running.stdin.write('\u0003')
      await running
    },
  }
}

test('what was told is there after the engine was killed, and is not told twice by the next one', async () => {
  const before = await events('--for', 'pod/web')
  expect(before.length).toBeGreaterThan(5)
  {
    await using daemon = new DaemonProcess(world)
    await daemon.until(({ reason }) => reason === 'CommitHealthy')
    await daemon.end('SIGKILL')
  }
  expect((await events('--for', 'pod/web')).map(counted)).toEqual(before.map(counted))
})

test('what the node does while no engine runs is among the events, once an engine runs it is told once', async () => {
  const [started] = (await events('--for', 'pod/probed')).filter(({ reason }) => reason === 'Started')
  expect(started).toBeDefined()
  // The other one was killed before, and would be away for 10 s now.
  await kill('sleep 1001')
  const count = (started?.count ?? 0) + 1
  const again = async (): Promise<readonly string[]> =>
    (await events('--for', 'pod/probed')).filter(({ reason }) => reason === 'Started').map(counted)
  await eventually(again, ([line]) => line === `Started ${count}`)
  await using daemon = new DaemonProcess(world)
  await daemon.until(({ message }) => message.endsWith(', while no engine looked'))
  expect(await again()).toEqual([`Started ${count}`])
})

function counted({ count, reason }: EventObject): string {
  return `${reason} ${count}`
}
