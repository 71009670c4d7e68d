import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { runningContainers } from '../support/containers.ts'
import { DaemonProcess } from '../support/daemon.ts'
import { eventually, type World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'

const NODE = hostname().toLowerCase()
let world: World

ownWorld((own) => {
  world = own
})

function workload(kind: 'Deployment' | 'DaemonSet', name: string, rest = ''): string {
  return `apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}}
spec:
${rest}  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: app, image: reconcile/web:1}]
`
}

function files(minAvailable: number): Readonly<Record<string, string>> {
  return {
    'web.yaml': workload('Deployment', 'web', '  replicas: 2\n'),
    'agent.yaml': workload('DaemonSet', 'agent'),
    'budget.yaml': `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: ${minAvailable}, selector: {matchLabels: {app: web}}}
`,
  }
}

test('a node is cordoned, drained as far as a budget allows, drained of the rest, and used again', async () => {
  await world.commit(files(1))
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  expect(await world.run('cordon', NODE)).toMatchObject({ exitCode: 0, stdout: `node/${NODE} cordoned` })
  expect((await world.run('cordon', NODE)).stdout).toBe(`node/${NODE} already cordoned`)
  expect((await world.run('status')).stdout).toContain('SchedulingDisabled')

  const refused = await world.run('drain', NODE)
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toContain(
    `unable to drain node "${NODE}" due to error: cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): default/agent-`,
  )
  const tried = await world.run('drain', NODE, '--ignore-daemonsets', '--dry-run')
  expect(tried.stdout).toMatch(/cordoned \(dry run\)\n(?:evicting pod default\/web-\S+ \(dry run\)\n){2}/)
  expect(await runningContainers(world.root)).toHaveLength(3)
  const held = await world.run('drain', NODE, '--ignore-daemonsets', '--timeout', '4s')
  expect(held.exitCode).toBe(1)
  expect(held.stdout).toMatch(/evicting pod default\/web-\S+\npod\/web-\S+ evicted/)
  expect(held.stderr).toContain(
    "Cannot evict pod as it would violate the pod's disruption budget. The disruption budget web needs 1 healthy pods and has",
  )
  expect(held.stderr).toContain('1 pod stayed')
  expect(await runningContainers(world.root)).toHaveLength(2)

  await world.commit(files(0))
  const waiting = await world.once('--timeout', '2s')
  expect(waiting.stderr).toContain('0/1 nodes are available: 1 node(s) were unschedulable')
  const drained = await world.run('drain', `node/${NODE}`, '--ignore-daemonsets')
  expect(drained).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('ignoring DaemonSet-managed'),
  })
  expect(drained.stdout).toMatch(new RegExp(`node/${NODE} drained$`))
  expect(await runningContainers(world.root)).toHaveLength(1)

  expect((await world.run('uncordon', NODE)).stdout).toBe(`node/${NODE} uncordoned`)
  expect((await world.once()).stdout).toContain('2 pods created, 1 pod unchanged; all is healthy')
  const { items } = JSON.parse((await world.run('events', '-o', 'json')).stdout)
  const reasons = items.map(({ reason }: { readonly reason: string }) => reason)
  expect(reasons).toEqual(
    expect.arrayContaining(['NodeNotSchedulable', 'Draining', 'Killing', 'DrainEnded', 'NodeSchedulable']),
  )
}, 60_000)

test('beside a daemon the daemon empties the node, and fills it again once it may', async () => {
  await using daemon = new DaemonProcess(world)
  await daemon.until(({ message }) => message.includes('follow'))
  expect((await world.run('cordon', NODE)).stdout).toBe(`node/${NODE} cordoned`)
  const drained = await world.run('drain', NODE, '--ignore-daemonsets', '--grace-period', '0')
  expect(drained).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`node/${NODE} drained`) })
  expect(await runningContainers(world.root)).toHaveLength(1)
  expect((await world.run('uncordon', NODE)).stdout).toBe(`node/${NODE} uncordoned`)
  await eventually(
    () => runningContainers(world.root),
    (running) => running.length === 3,
  )
  expect(await daemon.end()).toBe(0)
}, 60_000)
