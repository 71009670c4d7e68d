import { setTimeout as sleepFor } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runningContainers } from '../support/containers.ts'
import { DaemonProcess } from '../support/daemon.ts'
import { World } from '../support/engine.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

let registry: Registry
let world: World

beforeAll(async () => {
  registry = await startRegistry()
  world = await World.create({ registry: registry.url })
})

afterAll(async () => {
  process.kill(registry.pid, 'SIGCONT')
  await world[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

function pod(name: string, seconds: number, { grace = 0, image = 'busybox:1.36', more = '' } = {}): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: ${grace}
  containers:
    - name: main
      image: "${image}"
      command: [sh, -c, "trap '' TERM; sleep ${seconds}"]
${more}`
}

const HOOK = '      lifecycle: {postStart: {exec: {command: [sleep, "4"]}}}\n'

async function sleeping(): Promise<ReadonlyMap<string, number>> {
  const all = await runningContainers(world.root)
  return new Map(all.map(({ command, pid }) => [command.replace(/^.* /, ''), pid]))
}

test('an engine that is ended while it pulls, stops and runs hooks ends soon, touches no container, and the next one goes on', async () => {
  const stays = { 'a.yaml': pod('a', 2001), 'b.yaml': pod('b', 2002) }
  const first = await world.commit({ ...stays, 'gone.yaml': pod('gone', 2003, { grace: 6 }) })
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === first)
  const before = await sleeping()
  expect([...before.keys()].toSorted()).toEqual(['2001', '2002', '2003'])

  process.kill(registry.pid, 'SIGSTOP')
  const second = await world.commit({
    ...stays,
    'hooked.yaml': pod('hooked', 2004, { more: HOOK }),
    'pulled.yaml': pod('pulled', 2005, { image: 'busybox:latest' }),
  })
  await daemon.until((line) => line.message.includes('default/gone') && line.message.includes('is to go'))
  await daemon.until((line) => line.message.includes('busybox:latest'))
  await daemon.until((line) => line.message.includes('default/hooked') && line.message.includes('tarted'))
  const status = await Promise.race([daemon.end(), sleepFor(5_000, 'it goes on')])
  expect(status).toBe(0)
  const after = await sleeping()
  for (const name of ['2001', '2002', '2003']) expect(after.get(name)).toBe(before.get(name))

  process.kill(registry.pid, 'SIGCONT')
  await using next = new DaemonProcess(world)
  await next.until((line) => line.reason === 'CommitHealthy' && line.commit === second)
  const end = await sleeping()
  expect([...end.keys()].toSorted()).toEqual(['2001', '2002', '2004', '2005'])
  for (const name of ['2001', '2002']) expect(end.get(name)).toBe(before.get(name))
  expect(end.get('2004')).toBe(after.get('2004'))
})
