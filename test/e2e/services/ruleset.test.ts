import { afterAll, beforeAll, expect, test } from 'vitest'
import { objectKey } from '../../../engine/api/names.ts'
import type { Frontend } from '../../../engine/api/traffic.ts'
import { changeText, type Ruleset, rulesetOf, rulesetText } from '../../../engine/proxy/ruleset.ts'
import { Lab, type LabPod } from './lab.ts'

let lab: Lab

beforeAll(async () => {
  lab = await Lab.create(4)
})

afterAll(async () => await lab[Symbol.asyncDispose]())

const ADDRESS = '10.96.0.10'
const ADDRESS6 = 'fd00:96::10'

function frontend(pods: readonly LabPod[], more: Partial<Frontend> = {}): Frontend {
  const family = more.family ?? 'ip'
  return {
    service: objectKey('Service', 'default', 'web'),
    family,
    address: family === 'ip' ? ADDRESS : ADDRESS6,
    protocol: 'tcp',
    port: 80,
    endpoints: pods.map((pod) => ({
      address: family === 'ip' ? pod.address : pod.address6,
      port: 8080,
      local: true,
    })),
    whenEmpty: 'refuse',
    masquerade: false,
    ...more,
  }
}

function nodePort(pods: readonly LabPod[], port: number, more: Partial<Frontend> = {}): Frontend {
  const { address: _, ...rest } = frontend(pods, { port, masquerade: true, ...more })
  return rest
}

function ruleset(...frontends: readonly Frontend[]): Ruleset {
  return rulesetOf(frontends, { family: 'ip', table: 'reconcile-test', podRange: lab.podRange })
}

function ruleset6(...frontends: readonly Frontend[]): Ruleset {
  return rulesetOf(frontends, { family: 'ip6', table: 'reconcile-test', podRange: lab.podRange6 })
}

/** By pod, whoever the client was. */
function byPod(answers: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const [answer, count] of Object.entries(answers)) {
    const name = answer.split(' ')[0] ?? ''
    counts[name] = (counts[name] ?? 0) + count
  }
  return counts
}

test('connections are spread evenly over the pods, from a pod, from the machine, and from outside to its port', async () => {
  await lab.nft(rulesetText(ruleset(frontend(lab.pods), nodePort(lab.pods, 30_080))))
  for (const [where, host, port] of [
    ['p1', ADDRESS, 80],
    ['node', ADDRESS, 80],
    ['client', lab.nodeAddress, 30_080],
  ] as const) {
    const counts = byPod(await lab.ask(where, host, port, 400))
    expect(Object.keys(counts).toSorted(), where).toEqual(['p1', 'p2', 'p3', 'p4'])
    // A quarter is 100; 60 is more than four standard deviations away.
    for (const count of Object.values(counts)) expect(count, where).toBeGreaterThan(60)
  }
})

test('a pod reaches itself through a Service, and from outside the client keeps its address', async () => {
  const [one] = lab.pods
  if (one === undefined) throw new Error('no pod')
  await lab.nft(rulesetText(ruleset(frontend([one]), nodePort([one], 30_080))))
  expect(await lab.ask('p1', ADDRESS, 80, 5)).toEqual({ 'p1 10.250.0.1': 5 })
  expect(await lab.ask('client', lab.nodeAddress, 30_080, 5)).toEqual({ 'p1 192.0.2.2': 5 })
})

test('a Service without a ready pod refuses at once, over tcp and udp, inside and outside', async () => {
  const empty = [frontend([]), frontend([], { protocol: 'udp' }), nodePort([], 30_080)]
  await lab.nft(rulesetText(ruleset(...empty)))
  expect(await lab.ask('p1', ADDRESS, 80, 2)).toEqual({ ECONNREFUSED: 2 })
  expect(await lab.ask('node', ADDRESS, 80, 2)).toEqual({ ECONNREFUSED: 2 })
  expect(await lab.ask('p1', ADDRESS, 80, 1, 'UDP')).toEqual({ ECONNREFUSED: 1 })
  expect(await lab.ask('client', lab.nodeAddress, 30_080, 2)).toEqual({ ECONNREFUSED: 2 })
})

test('a client of a sticky Service stays on one pod while others are added, and others go elsewhere', async () => {
  const [one, two, three, four] = lab.pods
  if (one === undefined || two === undefined || three === undefined || four === undefined)
    throw new Error('no pods')
  const before = ruleset(frontend([two, three], { stickySeconds: 60 }))
  await lab.nft(rulesetText(before))
  const first = byPod(await lab.ask('p1', ADDRESS, 80, 20))
  expect(Object.values(first)).toEqual([20])
  const { text } = changeText(before, ruleset(frontend([one, two, three, four], { stickySeconds: 60 })))
  await lab.nft(text)
  const then = byPod(await lab.ask('p1', ADDRESS, 80, 20))
  expect(Object.keys(then)).toEqual(Object.keys(first))
})

test('udp and IPv6 are answered like tcp and IPv4', async () => {
  await lab.nft(rulesetText(ruleset(frontend(lab.pods, { protocol: 'udp' }))))
  await lab.nft(rulesetText(ruleset6(frontend(lab.pods, { family: 'ip6' }))))
  const udp = byPod(await lab.ask('node', ADDRESS, 80, 100, 'UDP'))
  expect(Object.keys(udp).toSorted()).toEqual(['p1', 'p2', 'p3', 'p4'])
  const six = byPod(await lab.ask('p1', ADDRESS6, 80, 100))
  expect(Object.keys(six).toSorted()).toEqual(['p1', 'p2', 'p3', 'p4'])
})

test('a connection survives each change that leaves its pod in place', async () => {
  const [one, two, three, four] = lab.pods
  if (one === undefined || two === undefined || three === undefined || four === undefined)
    throw new Error('no pods')
  let now = ruleset(frontend([one]))
  await lab.nft(rulesetText(now))
  const connection = lab.hold('p2', ADDRESS, 80)
  const lines = connection[Symbol.asyncIterator]()
  expect((await lines.next()).value).toMatch(/^p1 /)
  for (const pods of [[one, two], [one, two, three, four], [one]]) {
    const { after, text } = changeText(now, ruleset(frontend(pods)))
    await lab.nft(text)
    now = after
    connection.stdin.write('still there\n')
    expect((await lines.next()).value).toBe('still there')
  }
  connection.kill()
  await connection
})

test('whatever the way to it, the kernel holds the same elements', async () => {
  const [one, two, three] = lab.pods
  if (one === undefined || two === undefined || three === undefined) throw new Error('no pods')
  const states = [
    ruleset(),
    ruleset(frontend([one, two])),
    ruleset(frontend([one, two, three]), nodePort([one], 30_080)),
    ruleset(frontend([]), nodePort([two, three], 30_080, { stickySeconds: 30 })),
    ruleset(frontend([two], { stickySeconds: 30 }), frontend([three], { protocol: 'udp' })),
    ruleset(),
  ]
  let now = states[0] ?? ruleset()
  await lab.nft(rulesetText(now))
  for (const state of states.slice(1)) {
    const { after, text } = changeText(now, state)
    await lab.nft(text)
    const changed = await elements()
    await lab.nft(rulesetText(after))
    expect(changed).toEqual(await elements())
    now = after
  }
  expect(changeText(now, now).text).toBe('')
})

/** Of all sets and maps in the kernel, but those that it fills itself. */
async function elements(): Promise<Readonly<Record<string, unknown>>> {
  const listed = JSON.parse(
    await lab.inside('node', 'nft', '-j', 'list', 'table', 'ip', 'reconcile-test'),
  ) as {
    readonly nftables: readonly { readonly set?: NamedSet; readonly map?: NamedSet }[]
  }
  const sets = listed.nftables.flatMap(({ map, set }) => map ?? set ?? [])
  return Object.fromEntries(
    sets
      .filter(({ name }) => name !== 'sticky')
      .map(({ name, elem = [] }) => [name, elem.map((one) => JSON.stringify(one)).toSorted()]),
  )
}

interface NamedSet {
  readonly name: string
  readonly elem?: readonly unknown[]
}
