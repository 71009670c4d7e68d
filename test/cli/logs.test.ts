import { expect, test } from 'vitest'
import type { LogLine, LogRequest } from '../../engine/api/cri.ts'
import { podUid } from '../../engine/api/names.ts'
import type { ContainerState, ObservedContainer } from '../../engine/api/snapshot.ts'
import { followedLines } from '../../engine/cli/logs/attempts.ts'
import { logOptions } from '../../engine/cli/logs/options.ts'
import { createPrinter } from '../../engine/cli/logs/printer.ts'
import { streamsOfNamed, streamsOfSelected } from '../../engine/cli/logs/streams.ts'
import { parseCommandLine } from '../../engine/cli/invocation.ts'
import type { ListedPod } from '../../engine/cli/pods.ts'
import { type PodListing, RuntimeFailure } from '../../engine/runtimes/runtime.ts'
import { listingOf, recordOf } from '../reconciler/support.ts'
import { createWorld } from '../simulation/loop/engine.ts'
import { cliWorld } from './simulated.ts'

const AT = '2026-01-01T00:00:00Z'
const RUNNING: ContainerState = { kind: 'running', startedAt: AT }

function exited(attempt: number, exitCode: number, restarts: boolean): ContainerState {
  const exit = { attempt, exitCode, oomKilled: false, startedAt: AT, finishedAt: AT, startFailed: false }
  return { kind: 'exited', exit, ...(restarts && { restartAt: AT }) }
}

function containerAt(attempt: number, state: ContainerState, previous?: number): ObservedContainer {
  const before = previous === undefined ? undefined : exited(attempt - 1, previous, false)
  return {
    name: 'app',
    attempt,
    state,
    image: { id: '', reference: '' },
    ...(before?.kind === 'exited' && { previous: before.exit }),
  }
}

function listed(container?: ObservedContainer, policy: 'Always' | 'Never' = 'Always'): ListedPod {
  const record = recordOf('web')
  const spec = {
    restartPolicy: policy,
    initContainers: [{ name: 'init', image: 'i' }],
    containers: [
      { name: 'app', image: 'i' },
      { name: 'side', image: 'i' },
    ],
  }
  const listing = listingOf('web', {
    record: { ...record, pod: { ...record.pod, spec } },
    containers: new Map(container === undefined ? [] : [['app', container]]),
  })
  return { uid: podUid('u'), namespace: 'default', name: 'web', listing }
}

function invocationOf(...args: readonly string[]) {
  return parseCommandLine(['logs', ...args])
}

const WORLD = cliWorld(createWorld())

/** What a follower prints and says when the node answers with these, one after the other. */
async function followed(first: ListedPod, ...later: readonly (ListedPod | undefined)[]) {
  const answers = later.map((pod): PodListing | undefined => pod?.listing)
  const said: string[] = []
  const lines: string[] = []
  const invocation = invocationOf('-f', 'web')
  const [stream] = streamsOfNamed(
    first,
    logOptions(invocationOf('web', '-c', 'app'), WORLD),
    invocation,
    WORLD,
  )
  if (stream === undefined) throw new Error('no stream')
  const runtime = {
    inspect: async () => answers.shift(),
    async *logs({ attempt = -1, tailLines }: LogRequest): AsyncGenerator<LogLine> {
      if (attempt > 90) throw new RuntimeFailure('NotFound', 'it has gone')
      yield { at: AT, stream: 'stdout', text: `run ${attempt}, last ${tailLines ?? 'all'}` }
    },
  }
  const context = {
    runtime,
    ear: { wait: async () => undefined },
    signal: new AbortController().signal,
    say: (text: string) => said.push(text),
  }
  for await (const { text } of followedLines(stream, { tailLines: 3 }, context)) lines.push(text)
  return { lines, said }
}

const NAME = 'container app of pod default/web'

test('after a run comes the next one, from its beginning, and that is said with the exit code', async () => {
  expect(
    await followed(
      listed(containerAt(0, RUNNING)),
      listed(containerAt(0, exited(0, 3, true))),
      listed(containerAt(1, RUNNING, 3)),
      undefined,
    ),
  ).toEqual({
    lines: ['run 0, last 3', 'run 1, last all'],
    said: [`${NAME} ended with exit code 3: what follows is its run 2`, 'pod default/web has gone'],
  })
})

test('runs that were too short to be read are counted', async () => {
  const { lines, said } = await followed(
    listed(containerAt(0, RUNNING)),
    listed(containerAt(4, RUNNING, 1)),
    listed(containerAt(4, RUNNING, 1)),
    undefined,
  )
  expect(lines).toEqual(['run 0, last 3', 'run 3, last all', 'run 4, last all'])
  expect(said[0]).toBe(`${NAME} ended, and so did 2 more of its runs: what follows is its run 4`)
})

test('it ends when the container will not be started again', async () => {
  const ended = listed(containerAt(0, exited(0, 0, false)), 'Never')
  expect(await followed(listed(containerAt(0, RUNNING), 'Never'), ended)).toEqual({
    lines: ['run 0, last 3'],
    said: [`${NAME} has ended with exit code 0`],
  })
})

test('of one that had ended before, nothing but its lines is told', async () => {
  const ended = listed(containerAt(0, exited(0, 0, false)), 'Never')
  expect(await followed(ended, ended)).toEqual({ lines: ['run 0, last 3'], said: [] })
})

test('one that had ended before and is started again is followed, and that is said', async () => {
  const waiting = listed(containerAt(0, exited(0, 1, true)))
  const { said } = await followed(waiting, waiting, listed(containerAt(1, RUNNING, 1)), undefined)
  expect(said[0]).toBe(`${NAME} ended with exit code 1: what follows is its run 2`)
})

test('where nobody but the engine starts it again, it is waited for', async () => {
  const { lines } = await followed(
    listed(containerAt(0, RUNNING)),
    listed(containerAt(0, exited(0, 1, false))),
    listed(containerAt(1, RUNNING, 1)),
    undefined,
  )
  expect(lines).toHaveLength(2)
})

test('one that has not been started yet is waited for', async () => {
  expect(await followed(listed(), listed(), listed(containerAt(0, RUNNING)), undefined)).toEqual({
    lines: ['run 0, last 3'],
    said: [`${NAME} has not been started yet: waiting for it`, 'pod default/web has gone'],
  })
})

test('a run that has gone meanwhile is passed over', async () => {
  const { lines } = await followed(
    listed(containerAt(91, RUNNING)),
    listed(containerAt(93, RUNNING)),
    undefined,
  )
  expect(lines).toEqual([])
})

test('containers are those that are named, the first, or all with init containers first', () => {
  const keys = (...args: readonly string[]) => {
    const invocation = invocationOf(...args)
    return streamsOfSelected(listed(), logOptions(invocation, WORLD), invocation).map(
      ({ container }) => container,
    )
  }
  expect(keys('-l', 'a=b')).toEqual(['app'])
  expect(keys('-l', 'a=b', '-c', 'side')).toEqual(['side'])
  expect(keys('-l', 'a=b', '-c', 'none')).toEqual([])
  expect(keys('-l', 'a=b', '--all-containers')).toEqual(['init', 'app', 'side'])
})

test('the prefix names the namespace where that is neither default nor asked for', () => {
  const prefixIn = (namespace: string, ...args: readonly string[]) => {
    const invocation = invocationOf('web', ...args)
    const options = logOptions(invocation, WORLD)
    return streamsOfSelected({ ...listed(), namespace }, options, invocation)[0]?.prefix
  }
  expect(prefixIn('default')).toBe('[pod/web/app] ')
  expect(prefixIn('shop')).toBe('[shop/pod/web/app] ')
  expect(prefixIn('shop', '-n', 'shop')).toBe('[pod/web/app] ')
})

test('lines that come together are written together, and what is left is written at the end', () => {
  const writes: string[] = []
  const output = { ...WORLD.stdout, write: (text: string) => writes.push(text) }
  const [stream] = streamsOfSelected(listed(), logOptions(invocationOf('web'), WORLD), invocationOf('web'))
  if (stream === undefined) throw new Error('no stream')
  {
    using printer = createPrinter(output, { prefix: true, timestamps: true })
    for (const text of ['a', 'b']) printer.line(stream, { at: AT, stream: 'stdout', text })
  }
  expect(writes).toEqual([`[pod/web/app] ${AT} a\n[pod/web/app] ${AT} b\n`])
})

test('of pods that are told by labels, the last ten lines are shown unless something else is said', () => {
  const tail = (...args: readonly string[]) => logOptions(invocationOf(...args), WORLD).tailLines
  expect(tail('web')).toBeUndefined()
  expect(tail('-l', 'a=b')).toBe(10)
  expect(tail('-l', 'a=b', '--tail', '-1')).toBeUndefined()
  expect(tail('-l', 'a=b', '--tail=0')).toBe(0)
})

test.for([
  [['web', '--tail', 'x'], '--tail takes a number'],
  [['web', '--since', 'x'], '--since takes a duration'],
  [['web', '--since-time', 'noon'], '--since-time takes a time'],
  [['web', '--since', '1m', '--since-time', AT], 'give one of them'],
  [['web', '-c', 'a', '--all-containers'], 'give one of them'],
  [['web', '--max-log-requests', '0'], '--max-log-requests takes a number from 1'],
] as const)('%j is refused', ([args, message]) => {
  expect(() => logOptions(invocationOf(...args), WORLD)).toThrow(message)
})
