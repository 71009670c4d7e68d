import { execa } from 'execa'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { disposedAfterTest } from '../../support/cutOff.ts'
import { DaemonProcess } from '../../support/daemon.ts'
import type { World } from '../../support/engine.ts'
import { ownWorld } from '../../support/ownWorld.ts'
import { addressIn, ownRanges } from '../../support/ranges.ts'
import { peer, webServers } from './pods.ts'

const RANGES = await ownRanges()
const ADDRESS = addressIn(RANGES.serviceCIDR, 30)

let world: World

ownWorld(
  (own) => {
    world = own
  },
  { ranges: RANGES, sync: { maxDeletePercent: 100 } },
)

interface Outcome {
  readonly answered: number
  /** By kind of failure, with none left out. */
  readonly failed: unknown
}

/** 200 clients that keep their connections, until they are ended; then they tell. */
interface Clients extends AsyncDisposable {
  end(): Promise<Outcome>
}

const CONNECTIONS = 200
/** A client asks again after so long: without a pause two processors do nothing but answer. */
const PAUSE_MS = 200

/** Node's own HTTP client: each connection is one client's alone. */
function nodeClients(): Clients {
  const load = peer('load', ADDRESS, '80', String(CONNECTIONS), String(PAUSE_MS))
  return {
    end: async () => {
      load.stdin.end()
      return JSON.parse((await load).stdout) as Outcome
    },
    [Symbol.asyncDispose]: async () => {
      load.kill('SIGKILL')
      await load
    },
  }
}

const WRK_SCRIPT = `function delay() return ${PAUSE_MS} end
function done(summary)
  local errors = summary.errors
  print(string.format('%d requests, %d connect, %d read, %d write, %d status, %d timeout',
    summary.requests, errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
`

/** SIGINT ends it, and it tells. */
function wrk(): Clients {
  const script = join(world.folder, 'wrk.lua')
  writeFileSync(script, WRK_SCRIPT)
  // What comes later than that is counted as failed as well.
  const limits = ['-d600s', '--timeout', '10s']
  const argv = ['-t2', `-c${CONNECTIONS}`, ...limits, '-s', script, `http://${ADDRESS}/`]
  const started = execa('wrk', argv, { reject: false })
  return {
    end: async () => {
      started.kill('SIGINT')
      const last = (await started).stdout.split('\n').at(-1) ?? ''
      const [requests = '', failed] = /^(\d+) requests, (.*)$/.exec(last)?.slice(1) ?? []
      return { answered: Number(requests), failed }
    },
    [Symbol.asyncDispose]: async () => {
      started.kill('SIGKILL')
      await started
    },
  }
}

const CLIENTS = [
  { name: 'Node’s client', begin: nodeClients, none: {} },
  { name: 'wrk', begin: wrk, none: '0 connect, 0 read, 0 write, 0 status, 0 timeout' },
]

test.each(CLIENTS)(
  '$name loses no request over 200 connections that it keeps through a rolling update of ten pods, a killed engine, and a scale up and down',
  async ({ begin, none }) => {
    const healthyAt = async (commit: string) =>
      daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === commit)
    const web = (replicas: number, revision: number) =>
      world.commit(webServers('web', replicas, revision, ADDRESS))
    const first = await web(10, 1)
    let daemon = new DaemonProcess(world)
    await healthyAt(first)
    const clients = begin()
    disposedAfterTest(clients)
    const rolled = await web(10, 2)
    await daemon.until((line) => line.commit === rolled && line.action === 'stopContainers')
    await daemon.end('SIGKILL')
    daemon = new DaemonProcess(world)
    await healthyAt(rolled)
    for (const replicas of [13, 5]) await healthyAt(await web(replicas, 2))
    const { answered, failed } = await clients.end()
    await daemon.end()
    expect(failed).toEqual(none)
    expect(answered).toBeGreaterThan(1_000)
  },
  240_000,
)
