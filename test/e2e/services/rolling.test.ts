import { afterAll, beforeAll, expect, test } from 'vitest'
import { DaemonProcess } from '../../support/daemon.ts'
import { World } from '../../support/engine.ts'
import { files } from '../../support/pods.ts'
import { addressIn, ownRanges } from '../../support/ranges.ts'
import { type Registry, startRegistry } from '../../support/registry.ts'
import { deployment, MACHINE_VOLUME, peer, peerContainer, service } from './pods.ts'

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

function web(replicas: number, revision: number): Readonly<Record<string, string>> {
  const container = peerContainer(['web', '8080'], {
    readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
  })
  const spec = { containers: [container], volumes: [MACHINE_VOLUME], terminationGracePeriodSeconds: 10 }
  return files(
    deployment('web', replicas, spec, { revision: String(revision) }),
    service('web', 'web', { clusterIP: ADDRESS }),
  )
}

interface Load {
  readonly answered: number
  readonly failed: Readonly<Record<string, number>>
}

test('200 clients that hold connections lose no request by a rolling update of ten pods, a killed engine, and a scale up and down', async () => {
  await world.commit(web(10, 1))
  let daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy')
  const load = peer('load', ADDRESS, '80', '200')
  const healthyAt = async (commit: string) =>
    daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === commit)
  const rolled = await world.commit(web(10, 2))
  await daemon.until((line) => line.commit === rolled && line.action === 'stopContainers')
  await daemon.end('SIGKILL')
  daemon = new DaemonProcess(world)
  await healthyAt(rolled)
  await healthyAt(await world.commit(web(13, 2)))
  await healthyAt(await world.commit(web(5, 2)))
  load.stdin.end()
  const { answered, failed } = JSON.parse((await load).stdout) as Load
  await daemon.end()
  expect(failed).toEqual({})
  expect(answered).toBeGreaterThan(1_000)
}, 240_000)
