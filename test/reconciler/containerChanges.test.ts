import { expect, test } from 'vitest'
import type { ContainerExit, ContainerState, ObservedContainer } from '../../engine/api/snapshot.ts'
import { containerEvents } from '../../engine/reconciler/containerChanges.ts'
import { NODE, uidOf } from './support.ts'

const OF = { uid: uidOf('x'), node: NODE, pod: 'default/x' }

function exit(attempt: number, more: Partial<ContainerExit> = {}): ContainerExit {
  return {
    attempt,
    exitCode: 1,
    oomKilled: false,
    startedAt: `2026-01-01T0${attempt}:00:00Z`,
    finishedAt: `2026-01-01T0${attempt}:30:00Z`,
    startFailed: false,
    ...more,
  }
}

const CREATED: ContainerState = { kind: 'created' }

function running(attempt: number): ContainerState {
  return { kind: 'running', startedAt: `2026-01-01T0${attempt}:00:00Z` }
}

function exited(attempt: number, restartAt?: string, more: Partial<ContainerExit> = {}): ContainerState {
  return { kind: 'exited', exit: exit(attempt, more), ...(restartAt !== undefined && { restartAt }) }
}

function container(attempt: number, state: ContainerState, previous?: ContainerExit): ObservedContainer {
  const image = { id: 'sha256:1', reference: 'app:1' }
  return { name: 'app', attempt, state, image, ...(previous !== undefined && { previous }) }
}

const LATER = '2026-01-01T05:00:00Z'
const LATER_STILL = '2026-01-01T06:00:00Z'

/** Before, now, and what is told: kind, attempt. */
const TABLE: readonly (readonly [
  string,
  ObservedContainer | undefined,
  ObservedContainer,
  readonly string[],
])[] = [
  ['is there, and was never started', undefined, container(0, CREATED), []],
  ['starts', container(0, CREATED), container(0, running(0)), ['containerStarted 0']],
  ['is first seen when it runs', undefined, container(0, running(0)), ['containerStarted 0']],
  ['runs on', container(0, running(0)), container(0, running(0)), []],
  ['ends', container(0, running(0)), container(0, exited(0)), ['containerExited 0']],
  [
    'ends before it was seen to run',
    container(0, CREATED),
    container(0, exited(0)),
    ['containerStarted 0', 'containerExited 0'],
  ],
  [
    'could not be started',
    container(0, CREATED),
    container(0, exited(0, undefined, { startFailed: true })),
    ['containerExited 0'],
  ],
  [
    'ends, and will be started again',
    container(0, running(0)),
    container(0, exited(0, LATER)),
    ['containerExited 0', 'containerWaits 0'],
  ],
  [
    'is seen to wait once the hook has said so',
    container(0, exited(0)),
    container(0, exited(0, LATER)),
    ['containerWaits 0'],
  ],
  ['waits on', container(0, exited(0, LATER)), container(0, exited(0, LATER)), []],
  [
    'waits for another time',
    container(0, exited(0, LATER)),
    container(0, exited(0, LATER_STILL)),
    ['containerWaits 0'],
  ],
  [
    'was restarted between two looks',
    container(0, running(0)),
    container(1, running(1), exit(0)),
    ['containerExited 0', 'containerStarted 1'],
  ],
  [
    'was restarted after its end was seen',
    container(0, exited(0, LATER)),
    container(1, running(1), exit(0)),
    ['containerStarted 1'],
  ],
  [
    'was restarted and ended again between two looks',
    container(0, running(0)),
    container(1, exited(1, LATER), exit(0)),
    ['containerExited 0', 'containerStarted 1', 'containerExited 1', 'containerWaits 1'],
  ],
  [
    'was restarted more often than its node remembers',
    container(0, running(0)),
    container(4, running(4), exit(3)),
    ['containerStarted 3', 'containerExited 3', 'containerStarted 4'],
  ],
]

test.each(TABLE)('a container that %s', (_, before, now, expected) => {
  const past = before && { containers: new Map([['app', before]]) }
  const events = containerEvents(OF, past, { containers: new Map([['app', now]]) })
  expect(events.map(({ attempt, kind }) => `${kind} ${attempt}`)).toEqual(expected)
})

test('each event has the node’s own time', () => {
  const past = { containers: new Map([['app', container(0, running(0))]]) }
  const now = { containers: new Map([['app', container(1, running(1), exit(0))]]) }
  expect(containerEvents(OF, past, now).map(({ at }) => at)).toEqual([
    '2026-01-01T00:30:00Z',
    '2026-01-01T01:00:00Z',
  ])
})

test('what looks the same is not looked at', () => {
  const same = { containers: new Map([['app', container(0, exited(0, LATER))]]) }
  expect(containerEvents(OF, same, same)).toEqual([])
})
