import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, World } from '../../support/engine.ts'
import { files } from '../../support/pods.ts'
import { addressIn, ownRanges } from '../../support/ranges.ts'
import { type Registry, startRegistry } from '../../support/registry.ts'
import { OwnHost } from './ownHost.ts'
import { ask, byPod, servers, service } from './pods.ts'

const RANGES = await ownRanges()
const ADDRESS = addressIn(RANGES.serviceCIDR, 40)

let registry: Registry

beforeAll(async () => {
  registry = await startRegistry()
})

afterAll(async () => await registry[Symbol.asyncDispose]())

test('the ruleset, links, routes and settings of the host are the same before the first pod and after down', async () => {
  await using host = await OwnHost.create(registry.port)
  const before = await host.state()
  await using world = await World.create({
    ranges: RANGES,
    registry: registry.url,
    within: host.within,
  })
  const mapped = servers('mapped', 1)
  await world.commit(
    files(
      servers('web', 1),
      service('web', 'web', {
        clusterIP: ADDRESS,
        type: 'NodePort',
        ports: [{ port: 80, targetPort: 8080, nodePort: 30_280 }],
      }),
      mapped,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'port' },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: 'main',
              image: 'busybox:1.36',
              command: ['sleep', '600'],
              ports: [{ containerPort: 80, hostPort: 8242 }],
            },
          ],
        },
      },
    ),
  )
  const run = await world.once('--timeout', '60s')
  expect(run.exitCode, run.stderr).toBe(0)
  expect([...byPod(await ask(ADDRESS, 80, 1, { within: host.within })).values()]).toEqual([1])
  expect([...byPod(await ask('192.0.2.9', 30_280, 1, { within: host.within })).values()]).toEqual([1])
  const during = await host.state()
  expect(during['settings']).toContain('net.ipv4.ip_forward = 1')
  expect(during['rules']).toContain('CNI-HOSTPORT-DNAT')
  expect((await world.run('down')).exitCode).toBe(0)
  // The kernel takes links away a moment after their namespaces.
  const after = await eventually(
    () => host.state(),
    (state) => state['links'] === before['links'],
    10_000,
  )
  expect(after).toEqual(before)
})
