import { execa } from 'execa'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { disposedAfterTest } from '../../support/cutOff.ts'
import { DaemonProcess } from '../../support/daemon.ts'
import { World } from '../../support/engine.ts'
import { addressIn, ownRanges } from '../../support/ranges.ts'
import { type Registry, startRegistry } from '../../support/registry.ts'
import { webServers } from './pods.ts'

const RANGES = await ownRanges()
const ADDRESS = addressIn(RANGES.serviceCIDR, 30)

let registry: Registry
let world: World

beforeAll(async () => {
  registry = await startRegistry()
  world = await World.create({
    ranges: RANGES,
    registry: registry.url,
    sync: { maxDeletePercent: 100 },
  })
})

afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

/** A client asks again after so long: without a pause two processors do nothing but answer. */
const SCRIPT = `function delay() return 200 end
function done(summary)
  local errors = summary.errors
  print(string.format('%d requests, %d connect, %d read, %d write, %d status, %d timeout',
    summary.requests, errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
`

/** 200 connections that are kept; SIGINT ends it, and it tells. */
class Wrk implements AsyncDisposable {
  readonly #process

  constructor(folder: string) {
    const script = join(folder, 'wrk.lua')
    writeFileSync(script, SCRIPT)
    // What comes later than that is counted as failed as well.
    const argv = ['-t2', '-c200', '-d600s', '--timeout', '10s', '-s', script, `http://${ADDRESS}/`]
    this.#process = execa('wrk', argv, { reject: false })
    disposedAfterTest(this)
  }

  async end(): Promise<string | undefined> {
    this.#process.kill('SIGINT')
    return (await this.#process).stdout.split('\n').at(-1)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#process
  }
}

test('wrk counts no failed request over 200 connections that it keeps through a rolling update of ten pods, a killed engine, and a scale up and down', async () => {
  await world.commit(webServers('web', 10, 1, ADDRESS))
  let daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy')
  const wrk = new Wrk(world.folder)
  const rolled = await world.commit(webServers('web', 10, 2, ADDRESS))
  await daemon.until((line) => line.commit === rolled && line.action === 'stopContainers')
  await daemon.end('SIGKILL')
  daemon = new DaemonProcess(world)
  const healthyAt = async (commit: string) =>
    daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === commit)
  await healthyAt(rolled)
  for (const replicas of [13, 5]) await healthyAt(await world.commit(webServers('web', replicas, 2, ADDRESS)))
  const [requests = '', failed] = /^(\d+) requests, (.*)$/.exec((await wrk.end()) ?? '')?.slice(1) ?? []
  await daemon.end()
  expect(failed).toBe('0 connect, 0 read, 0 write, 0 status, 0 timeout')
  expect(Number(requests)).toBeGreaterThan(1_000)
}, 240_000)
