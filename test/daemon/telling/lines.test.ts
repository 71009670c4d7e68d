import { expect, test } from 'vitest'
import { objectKey } from '../../../engine/api/names.ts'
import type { PodAction } from '../../../engine/api/plan.ts'
import type { ContainerExit } from '../../../engine/api/snapshot.ts'
import { Repeats } from '../../../engine/daemon/telling/repeats.ts'
import { spanText } from '../../../engine/daemon/telling/words.ts'
import type { PodSummary, ProgressEvent } from '../../../engine/reconciler/progress.ts'
import {
  createPod,
  deletedRecord,
  deletePod,
  NODE,
  recordOf,
  removePod,
  START,
  startContainers,
  uidOf,
  updatePod,
} from '../../reconciler/support.ts'
import { telling } from './support.ts'

const OF = { uid: uidOf('x'), pod: 'default/x', node: NODE, container: 'app', attempt: 0 } as const
const EXIT: ContainerExit = {
  attempt: 0,
  exitCode: 137,
  signal: 9,
  oomKilled: true,
  startedAt: '2026-01-01T00:00:00Z',
  finishedAt: '2026-01-01T00:03:20Z',
  startFailed: false,
  message: 'the password is hunter2',
}
const SUMMARY: PodSummary = {
  sandbox: 'ready',
  inits: { all: 0, begun: 0, done: 0 },
  containers: 1,
  running: 1,
  ready: 1,
  restarts: 0,
  deleting: false,
}
const NOT_READY: PodSummary = { ...SUMMARY, ready: 0 }

function ended(action: PodAction): ProgressEvent {
  return { kind: 'actionEnded', at: START, action, durationMs: 3 }
}

function about(action: Omit<PodAction, 'reason' | 'kind' | 'record'>): typeof action {
  return action
}

const X = about({ node: NODE, uid: uidOf('x'), pod: 'default/x', object: objectKey('Pod', 'default', 'x') })
const STOP: PodAction = {
  ...X,
  kind: 'stopContainers',
  reason: 'liveness probe failed',
  record: recordOf('x'),
  containers: [{ name: 'app', attempt: 0, graceMs: 1, runPreStop: false }],
  disarm: false,
}

/** One of each kind, and what an operator reads: at `info` and above, then the Events. */
const TABLE: readonly (readonly [string, ProgressEvent, readonly string[], readonly string[]])[] = [
  ['an action begins', { kind: 'actionStarted', at: START, action: updatePod('x', 2) }, [], []],
  [
    'a pod is given a node',
    { kind: 'actionStarted', at: START, action: createPod('x') },
    [],
    ['Normal Scheduled Pod/x (1) Successfully assigned default/x to local'],
  ],
  ['a pod is made', ended(createPod('x')), ['info pod default/x is created: test'], []],
  ['a record is written', ended(updatePod('x', 2)), [], []],
  ['containers were started', ended(startContainers('x')), [], []],
  ['a pod is to go', ended(deletePod('x')), ['info pod default/x is to go: test'], []],
  [
    'a pod makes room',
    {
      kind: 'actionStarted',
      at: START,
      action: {
        ...X,
        kind: 'deletePod',
        record: deletedRecord('x'),
        reason: 'makes room for y',
        disrupts: 'preemption',
      },
    },
    [],
    ['Normal Preempted Pod/x (1) makes room for y'],
  ],
  [
    'a pod is driven away',
    {
      kind: 'actionStarted',
      at: START,
      action: { ...X, kind: 'deletePod', record: deletedRecord('x'), reason: 'taint', disrupts: 'taint' },
    },
    [],
    ['Normal TaintManagerEviction Pod/x (1) Marking for deletion Pod default/x'],
  ],
  [
    'containers are being stopped',
    { kind: 'actionStarted', at: START, action: STOP },
    [],
    ['Normal Killing Pod/x (1) Stopping container app: liveness probe failed'],
  ],
  [
    'containers were stopped',
    ended(STOP),
    ['info container app of pod default/x stopped: liveness probe failed'],
    [],
  ],
  ['a pod is removed', ended(removePod('x')), ['info pod default/x is removed'], []],
  [
    'an ended pod gives back',
    ended({ ...X, kind: 'releasePod', record: recordOf('x'), reason: 'it has ended' }),
    ['info pod default/x has run to its end and gave back what it had'],
    [],
  ],
  [
    'files follow',
    ended({ ...X, kind: 'updateVolumes', volumes: { c: '1' }, reason: 'its ConfigMap has changed' }),
    ['info files of pod default/x are renewed: its ConfigMap has changed'],
    [],
  ],
  ['an action is broken off', { kind: 'actionCancelled', at: START, action: createPod('x') }, [], []],
  [
    'a sandbox cannot be made',
    {
      kind: 'actionFailed',
      at: START,
      action: createPod('x'),
      durationMs: 1_500,
      problems: [{ container: '', reason: 'CreatePodSandboxError', message: 'no bridge', certain: false }],
    },
    ['warn createPod of pod default/x failed after 1.5 s: CreatePodSandboxError: no bridge'],
    ['Warning FailedCreatePodSandBox Pod/x (1) Failed to create pod sandbox: no bridge'],
  ],
  [
    'an image does not exist',
    {
      kind: 'actionFailed',
      at: START,
      action: startContainers('x'),
      durationMs: 5,
      problems: [
        {
          container: 'app',
          reason: 'ErrImagePull',
          message: 'long',
          summary: 'no such image',
          certain: true,
        },
      ],
    },
    [
      'warn startContainers of pod default/x, container app failed: ErrImagePull: no such image; this does not pass by itself',
    ],
    ['Warning Failed Pod/x (1) no such image'],
  ],
  [
    'a container starts',
    { kind: 'containerStarted', at: START, ...OF },
    ['info container app of pod default/x is started'],
    ['Normal Created Pod/x (1) Created container: app', 'Normal Started Pod/x (1) Started container app'],
  ],
  [
    'a container is killed for want of memory',
    { kind: 'containerExited', at: EXIT.finishedAt, ...OF, exit: EXIT },
    ['warn container app of pod default/x ended with exit code 137, by signal 9, out of memory, after 3m20s'],
    ['Warning OOMKilled Pod/x (1) Container app ended with exit code 137, by signal 9, out of memory'],
  ],
  [
    'a container ends well',
    {
      kind: 'containerExited',
      at: START,
      ...OF,
      exit: { ...EXIT, exitCode: 0, oomKilled: false, finishedAt: START },
    },
    ['info container app of pod default/x ended with exit code 0, by signal 9, after 0 ms'],
    ['Normal Completed Pod/x (1) Container app ended with exit code 0, by signal 9'],
  ],
  [
    'the node waits before it starts one again',
    { kind: 'containerWaits', at: START, ...OF, restartAt: '2026-01-01T00:00:13Z', backOffMs: 10_000 },
    ['info container app of pod default/x: the node starts it again at 2026-01-01T00:00:13Z, after 10.0 s'],
    ['Warning BackOff Pod/x (1) Back-off restarting failed container app in pod x'],
  ],
  [
    'a probe fails',
    { kind: 'probeFailed', at: START, ...OF, probe: 'liveness', message: 'HTTP 500', failures: 1 },
    ['warn container app of pod default/x: Liveness probe failed: HTTP 500'],
    ['Warning Unhealthy Pod/x (1) Liveness probe failed: HTTP 500'],
  ],
  [
    'a probe recovers',
    { kind: 'probeRecovered', at: START, ...OF, probe: 'liveness', failures: 1 },
    ['info container app of pod default/x: its liveness probe succeeds again, after 1 failure'],
    [],
  ],
  [
    'an image is asked for',
    { kind: 'imagePulling', at: START, action: startContainers('x'), container: 'app', image: 'app:1' },
    ['info pulling image app:1 for container app of pod default/x'],
    ['Normal Pulling Pod/x (1) Pulling image "app:1"'],
  ],
  [
    'an image is here',
    {
      kind: 'imagePulled',
      at: START,
      action: startContainers('x'),
      container: '',
      image: 'app:1',
      durationMs: 1_234,
    },
    ['info image app:1 is pulled in 1.2 s'],
    ['Normal Pulled Pod/x (1) Successfully pulled image "app:1" in 1.2 s'],
  ],
  [
    'an object fails',
    {
      kind: 'healthChanged',
      at: START,
      object: objectKey('Deployment', 'default', 'web'),
      health: { kind: 'failed', reason: 'ProgressDeadlineExceeded', message: 'no progress for 600 s' },
    },
    ['warn Deployment default/web has failed: ProgressDeadlineExceeded: no progress for 600 s'],
    ['Warning ProgressDeadlineExceeded Deployment/web (1) no progress for 600 s'],
  ],
  [
    'an object was well before',
    {
      kind: 'healthChanged',
      at: START,
      object: objectKey('Service', 'default', 'web'),
      health: { kind: 'healthy' },
    },
    [],
    [],
  ],
  [
    'a pod becomes ready',
    { kind: 'podChanged', at: START, ...OF, summary: SUMMARY, before: NOT_READY },
    ['info pod default/x is ready'],
    [],
  ],
  [
    'a pod loses its readiness',
    { kind: 'podChanged', at: START, ...OF, summary: NOT_READY, before: SUMMARY },
    ['info pod default/x is not ready any more: 1 of 1 running, 0 ready, sandbox ready'],
    [],
  ],
  [
    'a pod loses its sandbox',
    { kind: 'podChanged', at: START, ...OF, summary: { ...SUMMARY, sandbox: 'broken' }, before: SUMMARY },
    ['warn pod default/x has lost part of its sandbox'],
    [],
  ],
  [
    'a pod is gone by another hand',
    { kind: 'podGone', at: START, ...OF },
    ['warn pod default/x is gone from its node, and this engine has not removed it'],
    [],
  ],
  [
    'a node is lost',
    { kind: 'nodeChanged', at: START, node: NODE, reachable: false, message: 'no route' },
    ['warn node local does not answer: no route'],
    ['Warning NodeNotReady Node/local (1) node local does not answer: no route'],
  ],
  [
    'a node is mended',
    { kind: 'nodeDamaged', at: START, node: NODE, found: 'the bridge is gone', done: 'it is made again' },
    ['warn on node local: the bridge is gone: it is made again'],
    ['Warning NodeMended Node/local (1) the bridge is gone: it is made again'],
  ],
  [
    'the engine has a bug',
    {
      kind: 'violation',
      at: START,
      violation: { invariant: 'oneCopy', object: objectKey('Pod', 'default', 'x'), message: 'two copies' },
    },
    ['error a bug in the engine kept Pod default/x from changing: oneCopy: two copies'],
    [
      'Warning InvariantViolated Pod/x (1) a bug in the engine kept Pod default/x from changing: oneCopy: two copies',
    ],
  ],
  [
    'a Job is over',
    {
      kind: 'recordChanged',
      at: START,
      object: objectKey('Job', 'default', 'once'),
      before: jobRecord([]),
      record: jobRecord([
        { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'too often' },
      ]),
    },
    ['warn Job default/once: too often'],
    ['Warning BackoffLimitExceeded Job/once (1) too often'],
  ],
  [
    'a CronJob makes a Job',
    { kind: 'recordChanged', at: START, object: objectKey('Job', 'default', 'once'), record: jobRecord([]) },
    ['info CronJob default/nightly: Created job once'],
    ['Normal SuccessfulCreate CronJob/nightly (1) Created job once'],
  ],
]

function jobRecord(conditions: readonly unknown[]) {
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'u', controller: true }
  const metadata = { name: 'once', namespace: 'default', ownerReferences: [owner] }
  const object = { apiVersion: 'batch/v1', kind: 'Job', metadata, status: { conditions } } as const
  return { recordVersion: 1, generation: 1, key: objectKey('Job', 'default', 'once'), commit: 'c', object }
}

test.each(TABLE)('%s', (_, event, lines, events) => {
  const told = telling()
  told.teller.progress(event)
  expect(told.texts()).toEqual(lines)
  const day = Temporal.Instant.from('2026-01-01T01:00:00Z')
  expect(told.events(day)).toEqual(events)
  expect(JSON.stringify([told.lines, told.history.all(day)])).not.toContain('hunter2')
})

test('each time that a pod is frozen and thawed is told', () => {
  const { teller, texts } = telling()
  const object = objectKey('Pod', 'default', 'x')
  const well = { kind: 'healthy' } as const
  const frozen = { kind: 'failed', reason: 'PodFrozen', message: 'it stands still' } as const
  for (let time = 0; time < 3; time += 1) {
    teller.progress({ kind: 'healthChanged', at: START, object, health: frozen, before: well })
    teller.progress({ kind: 'healthChanged', at: START, object, health: well, before: frozen })
  }
  const once = [
    'warn pod default/x has failed: PodFrozen: it stands still',
    'info pod default/x does not stand still any more',
  ]
  expect(texts()).toEqual([...once, ...once, ...once])
})

test('a success after failures says how many there were', () => {
  const { teller, texts } = telling()
  const problems = [{ container: '', reason: 'NodeFileError', message: 'full', certain: false }]
  for (let count = 0; count < 3; count += 1)
    teller.progress({ kind: 'actionFailed', at: START, action: updatePod('x', 2), durationMs: 1, problems })
  teller.progress(ended(updatePod('x', 2)))
  teller.progress(ended(updatePod('x', 2)))
  expect(texts()).toEqual([
    'warn updatePod of pod default/x failed: NodeFileError: full',
    `warn updatePod of pod default/x failed: NodeFileError: full (2 times since ${START})`,
    'info updatePod of pod default/x is done, after 3 failures',
  ])
})

test('a start that this engine asked for is no work of the hook', () => {
  const { teller, texts } = telling()
  teller.progress({ kind: 'actionStarted', at: START, action: startContainers('x', 1) })
  teller.progress({ kind: 'containerStarted', at: START, ...OF, attempt: 1 })
  teller.progress({ kind: 'containerStarted', at: START, ...OF, container: 'other', attempt: 1 })
  expect(texts()).toEqual([
    'info container app of pod default/x is started again, restart 1',
    "info container other of pod default/x is started again by the node's exit hook, restart 1",
  ])
})

test('a pod that this engine has removed is not missed', () => {
  const { teller, texts } = telling()
  teller.progress({ kind: 'actionStarted', at: START, action: removePod('x') })
  teller.progress({ kind: 'podGone', at: START, ...OF })
  expect(texts()).toEqual([])
})

test('what was quiet for an hour is told as new, and memory has an end', () => {
  const repeats = new Repeats()
  const at = (minutes: number): string => Temporal.Instant.from(START).add({ minutes }).toString()
  expect(repeats.count('a', at(0))).toMatchObject({ count: 1, isTold: true })
  expect(repeats.count('a', at(50))).toMatchObject({ count: 2, isTold: true })
  expect(repeats.count('a', at(100))).toMatchObject({ count: 3, isTold: false, since: at(0) })
  expect(repeats.count('a', at(161))).toMatchObject({ count: 1, isTold: true, since: at(161) })
  for (let index = 0; index < 5_000; index += 1) repeats.count(`b${index}`, at(161))
  expect(repeats.end('b')).toBe(2_000)
  expect(repeats.count('a', at(162))).toMatchObject({ count: 1 })
})

test.each([
  [0.4, '0 ms'],
  [999.4, '999 ms'],
  [12_345, '12.3 s'],
  [59_949, '59.9 s'],
  [59_960, '1m0s'],
  [7_500_000, '2h5m'],
])('%d ms reads %s', (ms, text) => {
  expect(spanText(ms)).toBe(text)
})
