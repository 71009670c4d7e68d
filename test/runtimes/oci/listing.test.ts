import { expect, test } from 'vitest'
import { NO_STATE, type NodeState } from '../../../engine/runtimes/oci/pods/nodeState.ts'
import type { PodFiles } from '../../../engine/runtimes/oci/pods/podFiles.ts'
import { podListing } from '../../../engine/runtimes/oci/pods/podListing.ts'
import { rootPaths } from '../../../engine/runtimes/oci/paths.ts'
import { podPaths } from '../../../engine/runtimes/oci/paths.ts'
import type { Sandbox } from '../../../engine/runtimes/oci/pods/sandbox.ts'
import { podUid } from '../../../engine/api/names.ts'
import { localTransport } from '../../../engine/transport/local.ts'
import { podRecord } from './support.ts'

const UID = podUid('u-1')
const PATHS = await rootPaths(localTransport(), '/nonexistent/root')
const { pins } = podPaths(PATHS, UID)
const AT = Date.UTC(2026, 10, 21, 9, 0, 0)

const SANDBOX: Sandbox = {
  bootId: 'boot',
  ip: '10.0.0.2',
  hostname: 'web',
  hostNetwork: false,
  hostIPC: false,
  volumes: {},
  sharedMemory: false,
}
const STATE: NodeState = {
  ...NO_STATE,
  bootId: 'boot',
  leases: new Map([['10.0.0.2', UID]]),
  mounted: new Set([pins.net, pins.ipc, pins.uts]),
  processes: new Map([[7, '70']]),
}

type Attempts = Readonly<Record<number, Readonly<Record<string, string>>>>

function pod(attempts: Attempts, changes: Partial<PodFiles> & { readonly policy?: string } = {}): PodFiles {
  const entries = Object.entries(attempts).map(([attempt, files]) => {
    const read = Object.entries(files).map(
      ([name, content]) => [name, { path: name, content, modifiedMs: AT }] as const,
    )
    return [Number(attempt), new Map(read)] as const
  })
  const rule = `version=1\nimage=i\nreference=r\npolicy=${changes.policy ?? 'Always'}\n`
  return {
    uid: UID,
    record: JSON.stringify(podRecord(UID)),
    disarmed: changes.disarmed ?? false,
    released: false,
    containers: new Map(entries.length === 0 ? [] : [['main', { rule, attempts: new Map(entries) }]]),
  }
}

function started(boot = 'boot'): string {
  return `pid=7\nticks=70\nmonitor=6\nmonitorTicks=60\nboot=${boot}\nuptime=1\nend=1\n`
}

const EXITED = 'code=1\noom=0\nfailed=0\nuptime=2\nend=1\n'

function stateOf(files: PodFiles, state: NodeState = STATE) {
  const listing = podListing(PATHS, files, SANDBOX, state)
  if (typeof listing === 'string') throw new Error(listing)
  return listing.containers.get('main')
}

test('a sandbox is ready, absent or broken', () => {
  const of = (files: PodFiles, sandbox: Sandbox | undefined, state: NodeState = STATE) => {
    const listing = podListing(PATHS, files, sandbox, state)
    return typeof listing === 'string' ? listing : listing.sandbox
  }
  const running = pod({ 0: { started: started() } })
  expect(of(running, SANDBOX)).toBe('ready')
  expect(of(pod({}), undefined)).toBe('absent')
  expect(of(running, undefined)).toBe('broken')
  expect(of(running, { ...SANDBOX, bootId: 'before' })).toBe('broken')
  const unpinned = { ...STATE, mounted: new Set([pins.net, pins.ipc]) }
  expect(of(pod({ 0: { started: started(), exited: EXITED } }), SANDBOX, unpinned)).toBe('broken')
  expect(of(running, SANDBOX, unpinned)).toBe('ready')
  expect(of(running, { ...SANDBOX, pausePid: 8 })).toBe('broken')
  expect(
    of(pod({}), { ...SANDBOX, hostNetwork: true, hostIPC: true }, { ...STATE, mounted: new Set() }),
  ).toBe('ready')
})

test('after a reboot a container has ended, and is for the engine to start again', () => {
  expect(stateOf(pod({ 0: { started: started('before') } }))?.state).toEqual({
    kind: 'exited',
    exit: {
      attempt: 0,
      exitCode: 255,
      oomKilled: false,
      startedAt: '2026-11-21T09:00:00Z',
      finishedAt: '2026-11-21T09:00:00Z',
      message: 'the node was restarted while the container ran',
      startFailed: false,
      lost: true,
    },
  })
})

test('the last attempt counts, and the one before it is told', () => {
  const container = stateOf(pod({ 9: { exited: EXITED }, 10: { started: started() } }))
  expect(container).toMatchObject({
    attempt: 10,
    state: { kind: 'running', startedAt: '2026-11-21T09:00:00Z' },
    previous: { attempt: 9, exitCode: 1 },
    image: { id: 'i', reference: 'r' },
  })
})

test('an attempt without a start is created; one that waits tells until when; nobody waits in a disarmed pod', () => {
  expect(stateOf(pod({ 0: {} }))?.state).toEqual({ kind: 'created' })
  const waiting = { exited: EXITED, restart: 'delay=40\nwaiter=9\nwaiterTicks=1\nend=1\n' }
  expect(stateOf(pod({ 0: waiting }))?.state).toMatchObject({ restartAt: '2026-11-21T09:00:40Z' })
  expect(stateOf(pod({ 0: waiting }, { disarmed: true }))?.state).not.toHaveProperty('restartAt')
  expect(stateOf(pod({ 0: { exited: EXITED } }, { policy: 'Never' }))?.state).not.toHaveProperty('restartAt')
  const done = { exited: EXITED.replace('code=1', 'code=0') }
  expect(stateOf(pod({ 0: done }, { policy: 'OnFailure' }))?.state).not.toHaveProperty('restartAt')
})

test('a process that has gone is still told to run while its monitor is about to say how it ended', () => {
  const files = pod({ 0: { started: started() } })
  expect(stateOf(files, { ...STATE, processes: new Map([[6, '60']]) })?.state.kind).toBe('running')
  expect(stateOf(files, { ...STATE, processes: new Map() })?.state).toMatchObject({ exit: { exitCode: 137 } })
})

test('what cannot be read says why', () => {
  const files = { ...pod({ 0: { started: started() } }), record: '{' }
  expect(podListing(PATHS, files, SANDBOX, STATE)).toMatch(/damaged/)
  const rule = { rule: 'version=2\n', attempts: new Map() }
  const other = { ...pod({}), containers: new Map([['main', rule]]) }
  expect(podListing(PATHS, other, SANDBOX, STATE)).toMatch(/rule file of container main/)
})
