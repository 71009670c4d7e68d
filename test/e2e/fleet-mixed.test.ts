import { execFileSync } from 'node:child_process'
import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { DaemonProcess } from '../support/daemon.ts'
import type { ShownPod, World } from '../support/engine.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { leftOn, nodesYaml } from '../support/hosts/fleet.ts'
import { ownFleet } from '../support/hosts/ownFleet.ts'
import { machineTraces, NO_TRACES } from '../support/machine.ts'
import { spread, workload } from '../support/manifests.ts'
import { sh } from '../support/pods.ts'

let hosts: Hosts
let world: World

ownFleet([['one']], (ownHosts, ownWorld) => {
  hosts = ownHosts
  world = ownWorld
})

const here = hostname().toLowerCase()

function hereYaml(): string {
  return `apiVersion: reconcile.dev/v1
kind: Node
metadata: {name: ${here}}
`
}

function oneYaml(): string {
  return nodesYaml(hosts, ['one'])
}

function web(replicas: number): string {
  const pod = {
    ...spread('web', 'ScheduleAnyway'),
    containers: [sh('exec httpd -f -p 8080 -h /etc')],
  }
  return JSON.stringify(workload('Deployment', 'web', pod, { replicas }))
}

function uids(pods: readonly ShownPod[]): readonly string[] {
  return pods.map(({ metadata }) => metadata.uid).toSorted()
}

/** The pods' addresses by the first three parts. */
function ranges(pods: readonly ShownPod[]): readonly string[] {
  return [...new Set(pods.map(({ status }) => (status.podIP ?? '').replace(/\d+$/, '0/24')))].toSorted()
}

test('a machine that ran all pods alone goes on with them beside another one, each with a part of the range', async () => {
  const range = world.ranges.podCIDR.replace('/17', '/24')
  const other = range.replace('.0.0/', '.1.0/')
  const first = await world.commit({ 'web.yaml': web(2) })
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === first)
  const alone = await world.pods()
  expect(ranges(alone)).toEqual([range])
  const both = await world.commit({ 'nodes.yaml': `${hereYaml()}---\n${oneYaml()}`, 'web.yaml': web(4) })
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === both)
  const pods = await world.pods()
  expect(uids(pods)).toEqual(expect.arrayContaining([...uids(alone)]))
  expect(ranges(pods)).toEqual([range, other])
  // Those that were there before are reached from this machine as before.
  const [pod] = alone
  const answer = await fetch(`http://${pod?.status.podIP ?? ''}:8080/hostname`)
  expect(await answer.text()).toContain(pod?.metadata.name)
  expect(execFileSync('ip', ['route'], { encoding: 'utf8' })).toContain(range)
  expect(await daemon.end()).toBe(0)
})

test('pods of a machine that leaves the commit are not lost, whichever it is', async () => {
  const before = await world.pods()
  const gone = await world.commit({ 'nodes.yaml': oneYaml(), 'web.yaml': web(4) })
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === gone)
  expect(await world.pods()).toHaveLength(4)
  const back = await world.commit({ 'web.yaml': web(4) })
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === back)
  expect(await world.pods()).toHaveLength(before.length)
  expect(await daemon.end()).toBe(0)
  expect(await world.once()).toMatchObject({ exitCode: 0 })
})

test('a machine that leaves the commit is emptied and let go of, and can come back', async () => {
  const left = 'node one has left the fleet: it has no pods any more, and nothing of the engine'
  const nodes = `${hereYaml()}---\n${oneYaml()}`
  await world.commit({ 'nodes.yaml': nodes, 'web.yaml': web(4) })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const gone = await world.commit({ 'nodes.yaml': hereYaml(), 'web.yaml': web(4) })
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === gone)
  await daemon.until((line) => line.message === left)
  expect(leftOn(hosts, 'one')).toBe('')
  const alone = await world.pods()
  expect(alone).toHaveLength(4)
  for (const { metadata, status } of alone) {
    const answer = await fetch(`http://${status.podIP ?? ''}:8080/hostname`)
    expect(await answer.text()).toContain(metadata.name)
  }
  expect(await daemon.end()).toBe(0)
  // It may be switched off: nobody asks for it.
  hosts.host('one').cut()
  const without = await world.once()
  expect(without).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('one') as string })
  expect((await world.run('nodes')).stdout).not.toMatch(/^one /m)
  hosts.host('one').mend()
  await world.commit({ 'nodes.yaml': nodes, 'web.yaml': web(6) })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const both = await world.pods()
  expect(uids(both)).toEqual(expect.arrayContaining([...uids(alone)]))
  expect(ranges(both)).toHaveLength(2)
  await world.commit({ 'nodes.yaml': hereYaml(), 'web.yaml': web(4) })
  const once = await world.once()
  expect(once).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(left) as string })
  expect(leftOn(hosts, 'one')).toBe('')
})

const CLAIM = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: writer}
spec:
  terminationGracePeriodSeconds: 0
  nodeSelector: {kubernetes.io/hostname: one}
  containers:
    - name: main
      image: busybox:1.36
      command: [sh, -c, "echo kept > /data/file; exec sleep 3600"]
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`

test('down takes them from both machines, says what it could not reach and which data it leaves where', async () => {
  await world.commit({
    'nodes.yaml': `${hereYaml()}---\n${oneYaml()}`,
    'web.yaml': web(4),
    'claim.yaml': CLAIM,
  })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  hosts.host('one').cut()
  const partly = await world.run('down', '--timeout', '5s')
  expect(partly.stderr).toContain('node one could not be reached, and what it has is there still')
  expect(partly.exitCode).toBe(1)
  hosts.host('one').mend()
  const down = await world.run('down')
  expect(down).toMatchObject({ exitCode: 0 })
  expect(down.stdout).toContain(`kept ${world.root}/claims on node one: the data of claims`)
  expect(machineTraces(world.root)).toEqual(NO_TRACES)
  expect(leftOn(hosts, 'one')).toBe('claims\n')
  hosts.host('one').run('rm', '-r', `${world.root}/claims`)
})

test('a range that a machine leads elsewhere is refused, with one that none of them does', async () => {
  hosts.host('one').run('ip', 'route', 'add', world.ranges.podCIDR.replace('0.0/17', '64.0/24'), 'dev', 'lo')
  await world.commit({ 'nodes.yaml': `${hereYaml()}---\n${oneYaml()}` })
  const refused = await world.once()
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toMatch(
    /podCIDR \S+ overlaps with \S+64\.0\/24 on lo of node one; 10\.\d+\.0\.0\/16 is free/,
  )
})
