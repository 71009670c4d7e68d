import { expect, test } from 'vitest'
import { nodeName, objectKey } from '../../engine/api/names.ts'
import type { ResolvedService } from '../../engine/api/services.ts'
import type { Observed, ObservedNode } from '../../engine/api/snapshot.ts'
import { type DnsRecord, type Frontend, NO_TRAFFIC, type NodeTraffic } from '../../engine/api/traffic.ts'
import { withinReach } from '../../engine/planner/reach.ts'
import { nodeInfo } from './nodeInfo.ts'

const WEB = objectKey('Service', 'default', 'web')

function observed(...apart: readonly string[]): Observed {
  const nodes = ['one', 'two', 'three'].map((text): ObservedNode => {
    const name = nodeName(text)
    const info = { ...nodeInfo(name), ...(apart.includes(text) && { isApart: true as const }) }
    return { name, reachable: true, since: '2026-01-01T00:00:00Z', pods: new Map(), info }
  })
  return { nodes: new Map(nodes.map((node) => [node.name, node])) }
}

const HOMES = { '10.0.0.1': 'one', '10.0.1.1': 'two', '10.0.2.1': 'three' }

function service(): ResolvedService {
  const endpoints = Object.entries(HOMES).map(([address, node]) => ({ addresses: [address], nodeName: node }))
  const outside = { addresses: ['192.0.2.9'] }
  return {
    key: WEB,
    service: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: {} },
    slices: [
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: 'web-1' },
        addressType: 'IPv4',
        endpoints: [...endpoints, outside],
      },
    ],
  }
}

const ADDRESSES = [...Object.keys(HOMES), '192.0.2.9']

function traffic(): NodeTraffic {
  const endpoints = ADDRESSES.map((address) => ({ address, port: 80, local: false }))
  const frontend: Frontend = {
    service: WEB,
    family: 'ip',
    address: '10.96.0.1',
    protocol: 'tcp',
    port: 80,
    endpoints,
    whenEmpty: 'refuse',
    masquerade: false,
  }
  const record = (address: string): DnsRecord => ({ type: 'A', ttlSeconds: 5, address })
  const records = new Map([
    ['web.default.svc.cluster.local', ADDRESSES.map(record)],
    ['web-0.web.default.svc.cluster.local', [record('10.0.0.1')]],
  ])
  return { ...NO_TRAFFIC, frontends: [frontend], dns: { ...NO_TRAFFIC.dns, records } }
}

function planOf(all: NodeTraffic) {
  const names = ['one', 'two', 'three'].map(nodeName)
  return {
    decisions: [],
    reports: new Map(),
    services: [service()],
    traffic: new Map(names.map((name) => [name, all])),
  }
}

function reached(plan: ReturnType<typeof withinReach>, node: string) {
  const { dns, frontends } = plan.traffic?.get(nodeName(node)) ?? NO_TRAFFIC
  return {
    endpoints: frontends.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)),
    names: [...dns.records].map(([name, { length }]) => `${name.split('.')[0]} ${length}`),
  }
}

test('where no node is apart nothing is made anew', () => {
  const plan = planOf(traffic())
  expect(withinReach(plan, observed())).toBe(plan)
})

test('pods of a node that is apart are led to there alone, and there no others', () => {
  const plan = withinReach(planOf(traffic()), observed('one'))
  expect(reached(plan, 'one')).toEqual({ endpoints: ['10.0.0.1', '192.0.2.9'], names: ['web 2', 'web-0 1'] })
  const elsewhere = { endpoints: ['10.0.1.1', '10.0.2.1', '192.0.2.9'], names: ['web 3'] }
  expect(reached(plan, 'two')).toEqual(elsewhere)
  expect(reached(plan, 'three')).toEqual(elsewhere)
})

test('two that are apart reach each other as little', () => {
  const plan = withinReach(planOf(traffic()), observed('one', 'two'))
  expect(reached(plan, 'two').endpoints).toEqual(['10.0.1.1', '192.0.2.9'])
  expect(reached(plan, 'three').endpoints).toEqual(['10.0.2.1', '192.0.2.9'])
})

test('what a node is told is the very same as long as nothing of it changes', () => {
  const all = planOf(traffic())
  const [first, second] = [withinReach(all, observed('one')), withinReach(all, observed('one'))]
  for (const name of ['two', 'three'].map(nodeName))
    expect(second.traffic?.get(name)).toBe(first.traffic?.get(name))
})
