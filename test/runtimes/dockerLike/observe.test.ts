import { expect, test } from 'vitest'
import { podUid } from '../../../engine/api/names.ts'
import type { TreeFile } from '../../../engine/transport/transport.ts'
import { END_FILE, START_FILE, type StartFile } from '../../../engine/runtimes/dockerLike/attemptFiles.ts'
import type { Inspected } from '../../../engine/runtimes/dockerLike/inspected.ts'
import { PODMAN } from '../../../engine/runtimes/podman/tool.ts'
import { observeContainer, type ToolLook } from '../../../engine/runtimes/dockerLike/observe.ts'

const UID = podUid('01234567-89ab-cdef-0123-456789abcdef')
const NAME = `${UID}_main_0`
const IMAGE = { id: 'sha256:1', reference: 'r/x@sha256:2' }

const START: StartFile = {
  bootId: 'this',
  at: '2026-01-01T00:00:00Z',
  image: IMAGE,
  restart: { policy: 'Always' },
  messagePolicy: 'File',
}

const RUNNING: Inspected = {
  name: NAME,
  folder: '/c',
  upper: '/u',
  restarts: 0,
  status: 'running',
  pid: 10,
  monitor: 9,
  exitCode: 0,
  oomKilled: false,
  startedAt: '2026-01-01T00:00:01Z',
  cgroup: '/g',
}

const EXITED: Inspected = {
  ...RUNNING,
  status: 'exited',
  pid: 0,
  monitor: 0,
  exitCode: 7,
  finishedAt: '2026-01-01T00:00:05Z',
}

function look(changes: Partial<ToolLook> = {}): ToolLook {
  return {
    tool: PODMAN,
    bootId: 'this',
    stranded: new Set(),
    containers: new Map(),
    processes: new Set([9, 10]),
    ends: [],
    nowMs: Date.parse('2026-01-01T00:01:00Z'),
    logEnds: new Map(),
    ...changes,
  }
}

function seen(found: Inspected, changes: Partial<ToolLook> = {}): ToolLook {
  return look({ containers: new Map([[NAME, found]]), ...changes })
}

function file(path: string, value: unknown, modifiedMs = 0): [string, TreeFile] {
  return [path, { path, content: typeof value === 'string' ? value : JSON.stringify(value), modifiedMs }]
}

function attempts(start: Partial<StartFile> = {}, ...more: [string, TreeFile][]) {
  return { attempts: new Map([[0, new Map([file(START_FILE, { ...START, ...start }), ...more])]]) }
}

test('a container that podman does not know is one whose start was cut off', () => {
  expect(observeContainer(UID, 'main', attempts(), false, look())).toEqual({
    name: 'main',
    attempt: 0,
    state: { kind: 'created' },
    image: IMAGE,
  })
})

test('a container that runs', () => {
  expect(observeContainer(UID, 'main', attempts(), false, seen(RUNNING))).toEqual({
    name: 'main',
    attempt: 0,
    state: { kind: 'running', startedAt: '2026-01-01T00:00:01Z' },
    image: IMAGE,
  })
})

test('each time that podman has started it again is an attempt, and how the one before ended stands in its events', () => {
  const found = { ...RUNNING, restarts: 2, finishedAt: '2026-01-01T00:00:00.5Z' }
  const ends = [3, 4].map((exitCode) => ({ name: NAME, exitCode, oomKilled: exitCode === 4 }))
  const observed = observeContainer(UID, 'main', attempts(), false, seen(found, { ends }))
  expect(observed?.attempt).toBe(2)
  expect(observed?.previous).toMatchObject({
    attempt: 1,
    exitCode: 4,
    oomKilled: true,
    finishedAt: '2026-01-01T00:00:00.5Z',
  })
  const forgotten = observeContainer(UID, 'main', attempts(), false, seen(found))
  expect(forgotten?.previous).toMatchObject({
    exitCode: 255,
    message: expect.stringContaining('podman keeps no'),
  })
})

test('what has ended is restarted by podman, unless it was disarmed or its policy is another', () => {
  const exited = (start: Partial<StartFile>, disarmed = false) =>
    observeContainer(UID, 'main', attempts(start), disarmed, seen(EXITED))?.state
  expect(exited({})).toMatchObject({ kind: 'exited', restartAt: '2026-01-01T00:00:05Z' })
  expect(exited({}, true)).not.toHaveProperty('restartAt')
  expect(exited({ restart: { policy: 'Never' } })).toEqual({
    kind: 'exited',
    exit: {
      attempt: 0,
      exitCode: 7,
      oomKilled: false,
      startedAt: '2026-01-01T00:00:01Z',
      finishedAt: '2026-01-01T00:00:05Z',
      startFailed: false,
    },
  })
})

test('rules for exit codes are the engine’s to follow', () => {
  const exitRules = [{ action: 'Restart', operator: 'In', values: [7] }] as const
  const restart = { policy: 'Never', exitRules } as const
  const observed = observeContainer(UID, 'main', attempts({ restart }), false, seen(EXITED))
  expect(observed?.state).toMatchObject({ kind: 'exited', exit: { lost: true } })
  expect(observed?.state).not.toHaveProperty('restartAt')
})

test('its message is what it wrote since it began, or the log’s end where that is asked for', () => {
  const began = Date.parse('2026-01-01T00:00:01Z')
  const messageOf = (start: Partial<StartFile>, text: string, at: number, restarts = 0) => {
    const files = attempts({ ...start, restart: { policy: 'Never' } }, file('message', text, at))
    const state = observeContainer(
      UID,
      'main',
      files,
      false,
      seen({ ...EXITED, restarts }, { logEnds: new Map([[NAME, 'from the log']]) }),
    )?.state
    return state?.kind === 'exited' ? state.exit.message : undefined
  }
  expect(messageOf({}, 'mine', began + 1)).toBe('mine')
  expect(messageOf({}, 'of an attempt before', began - 1, 1)).toBeUndefined()
  expect(messageOf({}, 'sooner than podman looked', began - 1)).toBe('sooner than podman looked')
  expect(messageOf({}, '', began)).toBeUndefined()
  expect(messageOf({ messagePolicy: 'FallbackToLogsOnError' }, '', began)).toBe('from the log')
})

test('what the node’s hook has written down of the last two ends goes before podman’s words', () => {
  const left = (attempt: number, oom: number, turn = '') =>
    file(`left${turn}`, `attempt=${attempt}\ncode=9\noom=${oom}\nfailed=0\nend=1\n`, 5_000)
  const began = file('left-began-before', 'uptime=1\nend=1\n', 2_000)
  const files = attempts({}, left(2, 1), left(1, 0, '-before'), began, file('left-message', 'full'))
  const waits = file('restart', 'delay=20\nend=1\n', Date.parse('2026-01-01T00:00:05Z'))
  const stopped = { ...EXITED, status: 'stopped', restarts: 2 }
  const more = { attempts: new Map([[0, new Map([...(files.attempts.get(0) ?? []), waits])]]) }
  expect(observeContainer(UID, 'main', more, false, seen(stopped))).toMatchObject({
    attempt: 2,
    state: { exit: { exitCode: 9, oomKilled: true, message: 'full' }, restartAt: '2026-01-01T00:00:25Z' },
  })
  const again = { ...RUNNING, restarts: 2, finishedAt: '2026-01-01T00:00:00.5Z' }
  expect(observeContainer(UID, 'main', files, false, seen(again))?.previous).toEqual({
    attempt: 1,
    exitCode: 9,
    oomKilled: false,
    startedAt: '1970-01-01T00:00:02Z',
    finishedAt: '2026-01-01T00:00:00.5Z',
    startFailed: false,
  })
})

test('what the hook is about to write down is waited for, and not for long', () => {
  const stopped = { ...EXITED, status: 'stopped' }
  const at = (time: string) => seen(stopped, { nowMs: Date.parse(time) })
  expect(observeContainer(UID, 'main', attempts(), false, at('2026-01-01T00:00:06Z'))?.state.kind).toBe(
    'running',
  )
  expect(observeContainer(UID, 'main', attempts(), false, at('2026-01-01T00:00:20Z'))?.state.kind).toBe(
    'exited',
  )
})

test('a container of another boot was lost with it', () => {
  const observed = observeContainer(UID, 'main', attempts({ bootId: 'before' }), false, seen(RUNNING))
  expect(observed?.state).toMatchObject({ kind: 'exited', exit: { exitCode: 255, lost: true } })
})

test('one whose monitor has gone is to be started anew; one that has gone with it was lost', () => {
  const alone = observeContainer(UID, 'main', attempts(), false, seen(RUNNING, { processes: new Set([10]) }))
  expect(alone).toMatchObject({
    state: { kind: 'running' },
    lost: expect.stringContaining('its monitor has ended'),
  })
  const gone = observeContainer(UID, 'main', attempts(), false, seen(RUNNING, { processes: new Set() }))
  expect(gone?.state).toMatchObject({ kind: 'exited', exit: { exitCode: 137, lost: true } })
})

test('an end that is on record is told without podman, and is what came before the next attempt', () => {
  const exit = {
    attempt: 0,
    exitCode: 1,
    oomKilled: false,
    startedAt: 'a',
    finishedAt: 'b',
    startFailed: false,
  }
  const ended = new Map([file(START_FILE, START), file(END_FILE, { exit, image: IMAGE })])
  const one = observeContainer(UID, 'main', { attempts: new Map([[0, ended]]) }, false, look())
  expect(one).toEqual({ name: 'main', attempt: 0, state: { kind: 'exited', exit }, image: IMAGE })
  const second = new Map([file(START_FILE, START)])
  const both = {
    attempts: new Map([
      [0, ended],
      [1, second],
    ]),
  }
  const containers = new Map([[`${UID}_main_1`, { ...RUNNING, name: `${UID}_main_1` }]])
  const two = observeContainer(UID, 'main', both, false, look({ containers }))
  expect(two).toMatchObject({ attempt: 1, state: { kind: 'running' }, previous: exit })
})
