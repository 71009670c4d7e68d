import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually, type ShownPod, type World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import {
  containerOf,
  engineAtWork,
  files,
  NEVER_READY,
  pod,
  scriptPod,
  sh,
  untilPod,
} from '../support/pods.ts'
import { FAST_COMMAND } from '../support/runtimes.ts'

let world: World
let notes: string

type Fields = Readonly<Record<string, unknown>>

/** A page that answers 200 only to who sends the header; /old and /empty lead on to a page and to none; anything else is 404. */
const SERVER = `mkdir -p /www/cgi-bin /www/old /www/empty; echo fine | tee /www/index.html > /www/old/index.html
cat > /www/cgi-bin/secret <<'SCRIPT'
#!/bin/sh
if [ "$HTTP_X_PASS" = please ]; then printf 'Status: 200 OK\\r\\n\\r\\n'; else printf 'Status: 403 Forbidden\\r\\n\\r\\n'; fi
SCRIPT
cat > /www/cgi-bin/agent <<'SCRIPT'
#!/bin/sh
echo "$HTTP_USER_AGENT $HTTP_HOST" > /notes/agent
printf 'Content-Type: text/plain\\r\\n\\r\\n'
SCRIPT
chmod +x /www/cgi-bin/*
exec httpd -f -p 8080 -h /www`

const fast = { periodSeconds: 1 }

const http = (path: string, more: Fields = {}) => ({ httpGet: { path, port: 8080, ...more }, ...fast })

function noted(name: string, script: string, container: Fields, spec: Fields = {}) {
  return pod(name, {
    volumes: [{ name: 'notes', hostPath: { path: notes } }],
    containers: [sh(script, { volumeMounts: [{ name: 'notes', mountPath: '/notes' }], ...container })],
    ...spec,
  })
}

function server(name: string, readinessProbe: Fields) {
  return noted(name, SERVER, { ports: [{ name: 'web', containerPort: 8080 }], readinessProbe })
}

const SLEEP = 'exec sleep 3600'

function probed() {
  return [
    server('http-ok', http('/')),
    server('http-named', { httpGet: { path: '/', port: 'web' }, ...fast }),
    server('http-moved', http('/old')),
    server('http-missing', http('/none')),
    server('http-moved-away', http('/empty')),
    server('http-no-header', http('/cgi-bin/secret')),
    server('http-header', http('/cgi-bin/secret', { httpHeaders: [{ name: 'X-Pass', value: 'please' }] })),
    server('http-agent', http('/cgi-bin/agent', { httpHeaders: [{ name: 'Host', value: 'shop.example' }] })),
    server('tcp-open', { tcpSocket: { port: 'web' }, ...fast }),
    server('tcp-closed', { tcpSocket: { port: 9 }, ...fast }),
    scriptPod('exec-slow', SLEEP, {
      readinessProbe: { exec: { command: ['sleep', '5'] }, ...FAST_COMMAND, timeoutSeconds: 1 },
    }),
    noted('exec-turns', SLEEP, {
      readinessProbe: {
        exec: { command: ['test', '-e', '/notes/turn'] },
        failureThreshold: 2,
        successThreshold: 2,
        ...FAST_COMMAND,
      },
    }),
    noted(
      'liveness',
      'echo start >> /notes/liveness; trap "echo term >> /notes/liveness; exit 0" TERM; while :; do sleep 0.05; done',
      {
        livenessProbe: {
          exec: { command: ['test', '-e', '/notes/alive'] },
          initialDelaySeconds: 1,
          failureThreshold: 2,
          ...FAST_COMMAND,
        },
      },
      { terminationGracePeriodSeconds: 10, restartPolicy: 'Always' },
    ),
    noted('liveness-never', SLEEP, {
      livenessProbe: { exec: { command: ['false'] }, failureThreshold: 1, ...FAST_COMMAND },
    }),
    scriptPod(
      'liveness-grace',
      'trap "" TERM; while :; do sleep 0.05; done',
      {
        livenessProbe: {
          exec: { command: ['false'] },
          failureThreshold: 1,
          terminationGracePeriodSeconds: 1,
          ...FAST_COMMAND,
        },
      },
      { terminationGracePeriodSeconds: 300 },
    ),
    noted('startup', SLEEP, {
      startupProbe: {
        exec: { command: ['test', '-e', '/notes/started'] },
        failureThreshold: 100,
        ...FAST_COMMAND,
      },
      livenessProbe: {
        exec: { command: ['test', '-e', '/notes/started'] },
        failureThreshold: 1,
        ...FAST_COMMAND,
      },
      readinessProbe: { exec: { command: ['true'] }, ...FAST_COMMAND },
    }),
    scriptPod('startup-fails', SLEEP, {
      startupProbe: { exec: { command: ['false'] }, failureThreshold: 2, ...FAST_COMMAND },
    }),
  ]
}

ownWorld(async (own) => {
  world = own
  notes = join(world.folder, 'notes')
  mkdirSync(notes)
  writeFileSync(join(notes, 'alive'), '')
  await world.commit(files(NEVER_READY, ...probed()))
  await engineAtWork(world)
})

function isReady(shown: ShownPod): boolean {
  return shown.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

const note = (name: string) => readFileSync(join(notes, name), 'utf8').trim()

describe('readiness', () => {
  test.for([
    ['http-ok', 'an answer of 200'],
    ['http-named', 'a port by its name'],
    ['http-moved', 'a redirect is followed'],
    ['http-header', 'headers are sent'],
    ['tcp-open', 'a port that is open'],
  ] as const)('%s gets ready: %s', async ([name]) => {
    expect(containerOf(await untilPod(world, name, isReady))).toMatchObject({ ready: true, started: true })
  })

  test('the request names the prober and the host that the manifest wants', async () => {
    await untilPod(world, 'http-agent', isReady)
    expect(note('agent')).toBe('kube-probe/1.36 shop.example')
  })

  test('wrong answers, closed ports and commands that take too long keep a pod from being ready', async () => {
    // These have been asked as often as the ones that are ready by now.
    const pods = await world.pods()
    for (const name of ['http-missing', 'http-moved-away', 'http-no-header', 'tcp-closed', 'exec-slow']) {
      const shown = pods.find((one) => one.metadata.name === name)
      expect(shown?.status.phase, name).toBe('Running')
      expect(shown?.status.conditions, name).toContainEqual(
        expect.objectContaining({
          type: 'Ready',
          status: 'False',
          reason: 'ContainersNotReady',
          message: 'containers with unready status: [main]',
        }),
      )
    }
  })

  test('it comes and goes, each after its threshold, and restarts nothing', async () => {
    writeFileSync(join(notes, 'turn'), '')
    await untilPod(world, 'exec-turns', isReady)
    rmSync(join(notes, 'turn'))
    const shown = await untilPod(world, 'exec-turns', (now) => !isReady(now))
    expect(containerOf(shown)).toMatchObject({ ready: false, restartCount: 0, state: { running: {} } })
  })
})

describe('liveness', () => {
  test('a container that fails it is asked to end, and started again', async () => {
    await untilPod(world, 'liveness', isReady)
    rmSync(join(notes, 'alive'))
    await eventually(
      async () => note('liveness').split('\n'),
      (lines) => lines.length >= 3,
    )
    writeFileSync(join(notes, 'alive'), '')
    expect(note('liveness').split('\n').slice(0, 3)).toEqual(['start', 'term', 'start'])
    const shown = await untilPod(world, 'liveness', isReady)
    expect(containerOf(shown).restartCount).toBeGreaterThan(0)
  })

  test('in a pod that never restarts it is the end', async () => {
    const shown = await untilPod(world, 'liveness-never', ({ status }) => status.phase === 'Failed')
    expect(containerOf(shown)).toMatchObject({ restartCount: 0, state: { terminated: { exitCode: 137 } } })
  })

  test('the probe’s own grace period goes before the pod’s', async () => {
    const shown = await untilPod(world, 'liveness-grace', ({ status }) => status.phase === 'Failed')
    expect(containerOf(shown).state['terminated']).toMatchObject({ exitCode: 137 })
  })
})

describe('startup', () => {
  test('until it succeeds, the other probes wait, and the container is neither started nor ready', async () => {
    const before = await untilPod(world, 'startup', ({ status }) => status.phase === 'Running')
    expect(containerOf(before)).toMatchObject({ started: false, ready: false, restartCount: 0 })
    writeFileSync(join(notes, 'started'), '')
    const shown = await untilPod(world, 'startup', isReady)
    expect(containerOf(shown)).toMatchObject({ started: true, ready: true, restartCount: 0 })
  })

  test('a container that never starts up is killed', async () => {
    const shown = await untilPod(world, 'startup-fails', ({ status }) => status.phase === 'Failed')
    expect(containerOf(shown).state['terminated']).toMatchObject({ exitCode: 137 })
  })
})
