import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import {
  containerOf,
  engineAtWork,
  files,
  logs,
  NEVER_READY,
  pod,
  scriptPod,
  sh,
  untilPod,
} from '../support/pods.ts'
import { RUNTIME } from '../support/runtimes.ts'

let world: World
let notes: string

const PATIENT =
  'trap "echo sidecar ended >> /notes/sidecar; exit 0" TERM; echo sidecar began >> /notes/sidecar; while :; do sleep 0.05; done'

const data = { name: 'data', mountPath: '/data' }

function pods() {
  const withData = { volumes: [{ name: 'data', emptyDir: {} }] }
  const notesVolume = { volumes: [{ name: 'notes', hostPath: { path: notes, type: 'Directory' } }] }
  const noted = { volumeMounts: [{ name: 'notes', mountPath: '/notes' }] }
  return [
    NEVER_READY,
    pod('init-order', {
      ...withData,
      initContainers: [
        sh('sleep 0.3; echo first >> /data/order', { name: 'first', volumeMounts: [data] }),
        sh('echo second >> /data/order', { name: 'second', volumeMounts: [data] }),
      ],
      containers: [sh('cat /data/order; echo main', { volumeMounts: [data] })],
    }),
    pod('init-fails', {
      initContainers: [sh('echo broken; exit 3', { name: 'bad' }), sh('true', { name: 'next' })],
      containers: [sh('true')],
    }),
    pod('init-again', {
      ...withData,
      restartPolicy: 'Always',
      initContainers: [
        sh('[ -e /data/tried ] || { touch /data/tried; exit 1; }', {
          name: 'second-time',
          volumeMounts: [data],
        }),
      ],
      containers: [sh('exec sleep 3600')],
    }),
    pod('init-loops', {
      restartPolicy: 'OnFailure',
      initContainers: [sh('exit 4', { name: 'bad' })],
      containers: [sh('true')],
    }),
    pod('sidecar', {
      ...notesVolume,
      terminationGracePeriodSeconds: 5,
      initContainers: [
        sh(PATIENT, {
          name: 'helper',
          restartPolicy: 'Always',
          startupProbe: {
            exec: { command: ['test', '-e', '/notes/sidecar'] },
            periodSeconds: 1,
            timeoutSeconds: 10,
          },
          ...noted,
        }),
        sh('echo init >> /notes/sidecar', { name: 'init', ...noted }),
      ],
      containers: [sh('echo main >> /notes/sidecar; sleep 1; echo main ended >> /notes/sidecar', noted)],
    }),
    pod('sidecar-crashes', {
      initContainers: [sh('sleep 0.3; exit 1', { name: 'helper', restartPolicy: 'Always' })],
      containers: [sh('exec sleep 3600')],
    }),
    scriptPod('never-0', 'exit 0'),
    scriptPod('never-3', 'exit 3'),
    scriptPod('failure-0', 'exit 0', {}, { restartPolicy: 'OnFailure' }),
    pod('failure-then-0', {
      ...withData,
      restartPolicy: 'OnFailure',
      containers: [sh('[ -e /data/tried ] || { touch /data/tried; exit 5; }', { volumeMounts: [data] })],
    }),
    scriptPod('always-0', 'exit 0', {}, { restartPolicy: 'Always' }),
    scriptPod('always-7', 'echo why > /dev/termination-log; exit 7', {}, { restartPolicy: 'Always' }),
    pod('two-ends', {
      ...notesVolume,
      containers: [
        sh('exit 1'),
        sh('until [ -e /notes/end ]; do sleep 0.1; done', { name: 'other', ...noted }),
      ],
    }),
    pod('no-program', { containers: [{ name: 'main', image: 'busybox:1.36', command: ['/not/there'] }] }),
    scriptPod('message-path', 'echo told > /tmp/last; echo not this', {
      terminationMessagePath: '/tmp/last',
    }),
    scriptPod('message-log', 'echo one; echo two; exit 1', {
      terminationMessagePolicy: 'FallbackToLogsOnError',
    }),
    scriptPod('message-file-first', 'echo file > /dev/termination-log; echo log; exit 1', {
      terminationMessagePolicy: 'FallbackToLogsOnError',
    }),
    scriptPod('message-no-error', 'echo log', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
    scriptPod('message-long', 'head -c 9000 /dev/zero | tr "\\0" x > /dev/termination-log', {}),
    scriptPod(
      'oom',
      'exec tail /dev/zero',
      { resources: { limits: { memory: '64Mi' } } },
      { restartPolicy: 'Always' },
    ),
  ]
}

ownWorld(async (own) => {
  world = own
  notes = join(world.folder, 'notes')
  mkdirSync(notes)
  await world.commit(files(...pods()))
  await engineAtWork(world)
})

const ended = (name: string) =>
  untilPod(world, name, ({ status }) => status.phase === 'Succeeded' || status.phase === 'Failed')

describe('init containers', () => {
  test('run one after the other before the main ones', async () => {
    const shown = await ended('init-order')
    expect(await logs(world, 'init-order')).toBe('first\nsecond\nmain')
    expect(shown.status.initContainerStatuses?.map(({ state }) => state['terminated']?.['reason'])).toEqual([
      'Completed',
      'Completed',
    ])
    expect(shown.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Initialized', status: 'True' }),
    )
  })

  test('one that fails in a pod that never restarts ends the pod; what comes after it does not run', async () => {
    const shown = await ended('init-fails')
    expect(shown.status.phase).toBe('Failed')
    expect(containerOf(shown, 'bad').state['terminated']).toMatchObject({ exitCode: 3, reason: 'Error' })
    expect(containerOf(shown, 'next').state['waiting']).toMatchObject({ reason: 'PodInitializing' })
    expect(containerOf(shown).state['waiting']).toMatchObject({ reason: 'PodInitializing' })
  })

  test('one that fails in any other pod is tried again', async () => {
    const shown = await untilPod(world, 'init-again', ({ status }) => status.phase === 'Running')
    expect(containerOf(shown, 'second-time')).toMatchObject({
      restartCount: 1,
      state: { terminated: { exitCode: 0 } },
      lastState: { terminated: { exitCode: 1 } },
    })
  })

  test('one that goes on failing backs off, and the pod stays Pending', async () => {
    const shown = await untilPod(
      world,
      'init-loops',
      (now) => containerOf(now, 'bad').state['waiting']?.['reason'] === 'CrashLoopBackOff',
    )
    expect(shown.status.phase).toBe('Pending')
    expect(containerOf(shown, 'bad').lastState?.['terminated']).toMatchObject({ exitCode: 4 })
  })
})

describe('sidecars', () => {
  test('one has started before what comes after it, and ends after the main containers', async () => {
    const shown = await ended('sidecar')
    expect(shown.status.phase).toBe('Succeeded')
    expect(readFileSync(join(notes, 'sidecar'), 'utf8').trim().split('\n')).toEqual([
      'sidecar began',
      'init',
      'main',
      'main ended',
      'sidecar ended',
    ])
  })

  test('one that ends is started again, also in a pod that never restarts', async () => {
    const shown = await untilPod(
      world,
      'sidecar-crashes',
      (now) => containerOf(now, 'helper').restartCount > 0 && now.status.phase !== 'Pending',
    )
    expect(shown.status.phase).toBe('Running')
    expect(containerOf(shown)).toMatchObject({ restartCount: 0, state: { running: {} } })
  })
})

/** All crash since this file has begun, and where commands take longer they have crashed more often. docker waits for itself: less at first, up to a minute. */
const DELAY = { oci: '[12]0', podman: '(?:[124]0|1m20)', docker: '(?:[0-9]+|1m0)' }[RUNTIME]

describe('restart policies and phases', () => {
  test.for([
    ['never-0', 'Succeeded', 0, 0],
    ['never-3', 'Failed', 3, 0],
    ['failure-0', 'Succeeded', 0, 0],
    ['failure-then-0', 'Succeeded', 0, 1],
  ] as const)(
    '%s ends %s with exit code %i after %i restarts',
    async ([name, phase, exitCode, restartCount]) => {
      const shown = await ended(name)
      expect(shown.status.phase).toBe(phase)
      expect(containerOf(shown)).toMatchObject({ restartCount, state: { terminated: { exitCode } } })
      const reason = exitCode === 0 ? 'Completed' : 'Error'
      expect(containerOf(shown).state['terminated']).toMatchObject({ reason })
    },
  )

  test('Always restarts also what ended well, and tells so as a crash loop in the words of Kubernetes', async () => {
    for (const [name, exitCode] of [
      ['always-0', 0],
      ['always-7', 7],
    ] as const) {
      const shown = await untilPod(world, name, (now) => containerOf(now).state['waiting'] !== undefined)
      expect(shown.status.phase).toBe('Running')
      expect(containerOf(shown)).toMatchObject({
        ready: false,
        state: {
          waiting: {
            reason: 'CrashLoopBackOff',
            message: expect.stringMatching(
              `^back-off ${DELAY}s restarting failed container=main pod=${name}_default\\(${shown.metadata.uid}\\)$`,
            ),
          },
        },
        lastState: { terminated: { exitCode } },
      })
      expect(containerOf(shown).restartCount).toBeGreaterThan(0)
    }
  })

  test('a pod runs until its last container has ended, and has failed if one has', async () => {
    const running = await untilPod(
      world,
      'two-ends',
      (now) => containerOf(now).state['terminated'] !== undefined,
    )
    expect(running.status.phase).toBe('Running')
    writeFileSync(join(notes, 'end'), '')
    const shown = await ended('two-ends')
    expect(shown.status.phase).toBe('Failed')
    expect(containerOf(shown, 'other').state['terminated']).toMatchObject({ exitCode: 0 })
  })

  test('a program that does not exist is a start error with the runtime’s words', async () => {
    const shown = await ended('no-program')
    expect(shown.status.phase).toBe('Failed')
    const terminated = containerOf(shown).state['terminated']
    expect(terminated).toMatchObject({ exitCode: 128, reason: 'StartError' })
    expect(terminated?.['message']).toMatch(/\/not\/there.*no such file or directory/)
  })

  test('a container that is killed for want of memory says so, also once it has been restarted', async () => {
    const shown = await untilPod(world, 'oom', (now) => containerOf(now).restartCount > 0)
    expect(containerOf(shown).lastState?.['terminated']).toMatchObject({ exitCode: 137, reason: 'OOMKilled' })
  })
})

describe('last messages', () => {
  test.for([
    ['message-path', 'told\n'],
    ['message-log', 'one\ntwo\n'],
    ['message-file-first', 'file\n'],
    ['message-no-error', undefined],
    ['message-long', 'x'.repeat(4096)],
  ] as const)('%s', async ([name, message]) => {
    expect(containerOf(await ended(name)).state['terminated']?.['message']).toBe(message)
  })
})
