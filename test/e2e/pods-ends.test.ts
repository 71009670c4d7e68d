import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { World } from '../support/engine.ts'
import { containerOf, engineAtWork, files, NEVER_READY, pod, sh, untilPod } from '../support/pods.ts'
import { RUNTIME } from '../support/runtimes.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

let registry: Registry
let world: World
let notes: string

type Fields = Readonly<Record<string, unknown>>

/** Writes each signal that it gets into its notes, and ends a moment after SIGTERM or what else is said. */
function heeds(...signals: readonly string[]): string {
  const traps = signals.map((signal) => `trap 'echo ${signal} >> /notes/$NAME; exit 0' ${signal}`)
  return `${traps.join('; ')}; echo began >> /notes/$NAME; while :; do sleep 0.05; done`
}

const DEAF = `trap "echo TERM >> /notes/$NAME" TERM; echo began >> /notes/$NAME; while :; do sleep 0.05; done`

function noted(name: string, script: string, container: Fields = {}, spec: Fields = {}): Fields {
  return pod(name, {
    terminationGracePeriodSeconds: 20,
    volumes: [{ name: 'notes', hostPath: { path: notes } }],
    containers: [
      sh(script, {
        env: [{ name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        volumeMounts: [{ name: 'notes', mountPath: '/notes' }],
        ...container,
      }),
    ],
    ...spec,
  })
}

const say = (text: string) => ({ exec: { command: ['sh', '-c', `echo ${text} >> /notes/$NAME`] } })

/** Answers one request with what it was asked for in its notes. */
const SERVER = `mkdir -p /www/cgi-bin; printf '#!/bin/sh\\necho "$REQUEST_URI" >> /notes/$NAME; printf "Content-Type: text/plain\\\\r\\\\n\\\\r\\\\n"\\n' > /www/cgi-bin/hook
chmod +x /www/cgi-bin/hook; httpd -p 8080 -h /www; ${heeds('TERM')}`

/** podman and docker may be a second later with one signal than with another. */
const HOOK_SECONDS = RUNTIME === 'oci' ? 2 : 5

function stopped() {
  return [
    noted('term', heeds('TERM', 'USR1')),
    noted('image-signal', heeds('TERM', 'USR1'), { image: 'reconcile/stopsignal:latest' }),
    noted(
      'own-signal',
      heeds('TERM', 'USR1', 'QUIT'),
      {
        image: 'reconcile/stopsignal:latest',
        lifecycle: { stopSignal: 'SIGQUIT' },
      },
      { os: { name: 'linux' } },
    ),
    noted('deaf', DEAF, {}, { terminationGracePeriodSeconds: 2 }),
    noted('hook-exec', heeds('TERM'), {
      lifecycle: { preStop: { exec: { command: ['sh', '-c', 'sleep 0.5; echo hook >> /notes/$NAME'] } } },
    }),
    noted('hook-http', SERVER, {
      ports: [{ name: 'web', containerPort: 8080 }],
      lifecycle: { preStop: { httpGet: { path: '/cgi-bin/hook?stop', port: 'web' } } },
    }),
    noted('hook-sleep', heeds('TERM'), { lifecycle: { preStop: { sleep: { seconds: HOOK_SECONDS } } } }),
    noted('hook-fails', heeds('TERM'), { lifecycle: { preStop: { exec: { command: ['false'] } } } }),
    noted(
      'hook-too-long',
      heeds('TERM'),
      { lifecycle: { preStop: { exec: { command: ['sleep', '60'] } } } },
      { terminationGracePeriodSeconds: HOOK_SECONDS },
    ),
  ]
}

function begun() {
  return [
    noted('begin-exec', heeds('TERM'), { lifecycle: { postStart: say('hook') } }),
    noted('begin-http', `${SERVER}`, {
      lifecycle: {
        postStart: {
          exec: {
            command: [
              'sh',
              '-c',
              'until wget -qO- http://127.0.0.1:8080/cgi-bin/hook?begin; do sleep 0.1; done',
            ],
          },
        },
      },
    }),
    noted('begin-fails', heeds('TERM'), {
      lifecycle: { postStart: { exec: { command: ['sh', '-c', 'echo no; exit 4'] } } },
    }),
    pod('begin-order', {
      volumes: [{ name: 'notes', hostPath: { path: notes } }],
      containers: [
        sh('exec sleep 3600', {
          volumeMounts: [{ name: 'notes', mountPath: '/notes' }],
          lifecycle: {
            postStart: { exec: { command: ['sh', '-c', 'sleep 0.5; echo first >> /notes/begin-order'] } },
          },
        }),
        sh('echo second >> /notes/begin-order; exec sleep 3600', {
          name: 'second',
          volumeMounts: [{ name: 'notes', mountPath: '/notes' }],
        }),
      ],
    }),
  ]
}

const note = (name: string): readonly string[] => readFileSync(join(notes, name), 'utf8').trim().split('\n')

const writtenAt = (name: string): number => statSync(join(notes, name)).mtimeMs

beforeAll(async () => {
  registry = await startRegistry()
  world = await World.create({ registry: registry.url })
  notes = join(world.folder, 'notes')
  mkdirSync(notes)
})

afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

test('postStart hooks run after the start, and before the next container’s; one that fails ends the container', async () => {
  await world.commit(files(NEVER_READY, ...begun()))
  await using _engine = await engineAtWork(world)
  for (const name of ['begin-exec', 'begin-http']) {
    await untilPod(world, name, ({ status }) => status.phase === 'Running')
  }
  expect(note('begin-exec').toSorted()).toEqual(['began', 'hook'])
  expect(note('begin-http').toSorted()).toEqual(['/cgi-bin/hook?begin', 'began'])
  const order = await untilPod(
    world,
    'begin-order',
    (now) => containerOf(now, 'second').state['running'] !== undefined,
  )
  expect(order.status.phase).toBe('Running')
  expect(note('begin-order')).toEqual(['first', 'second'])
  const failed = await untilPod(
    world,
    'begin-fails',
    (now) => containerOf(now).state['terminated'] !== undefined,
  )
  expect(containerOf(failed).ready).toBe(false)
  expect(note('begin-fails').at(-1)).toBe('TERM')
})

describe('a pod that is deleted', () => {
  beforeAll(async () => {
    await world.commit(files(...stopped()))
    const run = await world.once()
    if (run.exitCode !== 0) throw new Error(run.stderr)
    await world.commit({})
    const end = await world.once()
    if (end.exitCode !== 0) throw new Error(end.stderr)
  })

  test('gets SIGTERM, or the signal of its image, or its own', () => {
    expect(note('term')).toEqual(['began', 'TERM'])
    expect(note('image-signal')).toEqual(['began', 'USR1'])
    expect(note('own-signal')).toEqual(['began', 'QUIT'])
  })

  test('is killed when it does not end within its grace period', () => {
    expect(note('deaf')).toEqual(['began', 'TERM'])
  })

  test('runs its preStop hook before the signal, whatever comes of it', () => {
    expect(note('hook-exec')).toEqual(['began', 'hook', 'TERM'])
    expect(note('hook-http')).toEqual(['began', '/cgi-bin/hook?stop', 'TERM'])
    expect(note('hook-fails')).toEqual(['began', 'TERM'])
  })

  test('a hook that only sleeps puts the signal off', () => {
    expect(note('hook-sleep')).toEqual(['began', 'TERM'])
    // Both were deleted at once, and write when the signal comes.
    expect(writtenAt('hook-sleep') - writtenAt('term')).toBeGreaterThan(1_500)
  })

  test('a hook that takes longer than the grace period is not waited for', () => {
    expect(note('hook-too-long')).toEqual(['began', 'TERM'])
    expect(writtenAt('hook-too-long') - writtenAt('term')).toBeGreaterThan(1_500)
  })
})
