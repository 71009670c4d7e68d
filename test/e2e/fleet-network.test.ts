import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import type { World } from '../support/engine.ts'
import type { HostState } from '../support/hostState.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { nodesYaml } from '../support/hosts/fleet.ts'
import { ownFleet } from '../support/hosts/ownFleet.ts'
import { files, pod, sh } from '../support/pods.ts'
import { addressIn } from '../support/ranges.ts'
import { ECHO, inPod, NODES, serverOn } from './fleetPods.ts'
import { ask as askProxy } from './services/ingressClient.ts'
import { ask, byPod, service } from './services/pods.ts'

/** Which machines share a link; with two links there is a router between them, which knows nothing of pods. */
const PLACES = {
  'on one link': [['one', 'two', 'three']],
  'beyond a router': [['one', 'two'], ['three']],
} as const
const PORTS = { web: 30_280, far: 30_281, near: 30_282 }
const PODS = NODES.map((name) => `on-${name}`)
const INGRESS = { nodes: ['one', 'three'], httpPort: 18_247, httpsPort: 18_248 } as const

describe.each(Object.entries(PLACES))('nodes %s', (_, links) => {
  let hosts: Hosts
  let world: World
  let before: readonly HostState[]

  ownFleet(
    links,
    async (ownHosts, ownWorld) => {
      hosts = ownHosts
      world = ownWorld
      before = await states()
    },
    { spec: { ingress: INGRESS } },
  )

  const states = async () => await Promise.all(NODES.map(async (name) => await hosts.host(name).state()))
  const at = (last: number) => addressIn(world.ranges.serviceCIDR, last)

  /** `web` is all pods, `far` and `near` the one of the third node. */
  const services = () => {
    const ports = (nodePort: number) => [{ port: 80, targetPort: 8080, nodePort }]
    const three = { selector: { app: 'web', node: 'three' }, type: 'NodePort' }
    return [
      service('web', 'web', { clusterIP: at(20), type: 'NodePort', ports: ports(PORTS.web) }),
      service('far', 'web', { ...three, clusterIP: at(21), ports: ports(PORTS.far) }),
      service('near', 'web', { ...three, externalTrafficPolicy: 'Local', ports: ports(PORTS.near) }),
      service('own', 'web', { clusterIP: at(23), internalTrafficPolicy: 'Local' }),
      service('names', 'web', { clusterIP: 'None' }),
    ]
  }

  test('a pod of each node reaches all pods as what it is', async () => {
    await world.commit({
      'nodes.json': nodesYaml(hosts, NODES),
      ...files(...NODES.map(serverOn), ...services()),
    })
    const run = await world.once('-v')
    expect(run.stderr).not.toContain('failed')
    expect(run, run.stderr).toMatchObject({ exitCode: 0 })
    const pods = await world.pods()
    for (const from of pods) {
      const within = inPod(hosts, world, from)
      for (const to of pods) {
        const answers = await ask(to.status.podIP ?? '', 8080, 3, { within })
        expect(answers).toEqual({ [`${to.metadata.name} ${from.status.podIP}`]: 3 })
      }
    }
  })

  test('every Service is reached from a pod of each node, and its names are known there', async () => {
    for (const [index, pod] of (await world.pods()).entries()) {
      const within = inPod(hosts, world, pod)
      expect([...byPod(await ask(at(20), 80, 30, { within })).keys()].toSorted()).toEqual(PODS.toSorted())
      expect(byPod(await ask(at(21), 80, 3, { within }))).toEqual(new Map([['on-three', 3]]))
      expect(byPod(await ask(at(23), 80, 3, { within }))).toEqual(new Map([[pod.metadata.name, 3]]))
      const host = hosts.host(NODES[index] ?? '')
      const dig = (...words: readonly string[]) => host.run('dig', '+short', `@${at(10)}`, ...words).trim()
      const addresses = dig('names.default.svc.cluster.local').split('\n')
      const all = (await world.pods()).map(({ status }) => status.podIP)
      expect(addresses.toSorted()).toEqual(all.toSorted())
      expect(dig('-x', all.at(-1) ?? '')).toMatch(/names\.default\.svc\.cluster\.local\.$/)
    }
  })

  test('a port of each node leads to a pod of another one, and to its own alone where the Service says so', async () => {
    // From here: whoever comes from outside.
    for (const name of NODES) {
      const { address } = hosts.host(name)
      expect(byPod(await ask(address, PORTS.far, 3))).toEqual(new Map([['on-three', 3]]))
      const near = await ask(address, PORTS.near, 1)
      expect([...byPod(near).keys()]).toEqual([name === 'three' ? 'on-three' : 'ETIMEDOUT'])
      if (name === 'three') expect(Object.keys(near)).not.toContain(`on-three ${address}`)
    }
  })

  test('an Ingress is answered for on the nodes that the Cluster names, and leads to pods of all', async () => {
    const port = 18_249
    const page = pod(
      'page',
      {
        nodeName: 'two',
        containers: [
          sh(`hostname >/tmp/index.html; exec httpd -f -p ${port} -h /tmp`, {
            readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
          }),
        ],
      },
      { labels: { app: 'page' } },
    )
    const ingress = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'page' },
      spec: { defaultBackend: { service: { name: 'page', port: { number: 80 } } } },
    }
    const led = service('page', 'page', { ports: [{ port: 80, targetPort: port }] })
    await world.commit({
      'nodes.json': nodesYaml(hosts, NODES),
      ...files(...NODES.map(serverOn), ...services(), page, led, ingress),
    })
    const run = await world.once('-v')
    expect(run, run.stderr).toMatchObject({ exitCode: 0 })
    const answers = NODES.map(async (name) => {
      const asking = { address: hosts.host(name).address, port: INGRESS.httpPort, host: 'page.test' }
      return await askProxy(asking).catch(({ code }: { readonly code?: string }) => code)
    })
    const served = { status: 200, body: 'page' }
    expect(await Promise.all(answers)).toEqual([served, 'ECONNREFUSED', served])
  })

  test('packets as large as pods send them go through, and down leaves every machine as it was', async () => {
    const [first, , third] = await world.pods()
    if (first === undefined || third === undefined) throw new Error('no pods')
    const isTunnelled = links.length > 1
    const [program = '', ...args] = inPod(hosts, world, first)
    const { stdout: link } = await execa(program, [...args, 'ip', 'link', 'show', 'eth0'])
    expect(link).toContain(isTunnelled ? 'mtu 1450 ' : 'mtu 1500 ')
    const echo = [process.execPath, '-e', ECHO, third.status.podIP ?? '', '8080']
    expect((await execa(program, [...args, ...echo])).stdout).toBe('1000000 came back')
    expect(hosts.host('one').run('ip', 'link').includes('-v:')).toBe(isTunnelled)
    expect((await world.run('down')).exitCode).toBe(0)
    expect(await states()).toEqual(before)
  })
})
