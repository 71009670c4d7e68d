import type { ShownPod, World } from '../support/engine.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { rootIdOf } from '../support/machine.ts'
import { MACHINE_VOLUME, PEER, peerContainer } from './services/pods.ts'

export const NODES = ['one', 'two', 'three'] as const

/** `on-NODE` tells its name, and who asks. */
export function serverOn(node: string) {
  return serverAt(node, '$IP')
}

/** The same at one of its addresses, or at all. */
export function serverAt(node: string, address: string) {
  const serve = `exec chroot /machine ${process.execPath} ${PEER} serve $(hostname) ${address} 8080`
  const container = peerContainer([], {
    command: ['sh', '-c', serve],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `on-${node}`, labels: { app: 'web', node } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      volumes: [MACHINE_VOLUME],
      containers: [container],
    },
  }
}

/** What a command is appended to that sees the network as the pod does, on whichever of the hosts it is. */
export function inPod(hosts: Hosts, world: World, pod: ShownPod): readonly [string, ...string[]] {
  const name = NODES.find((one) => hosts.host(one).address === pod.status.hostIP) ?? ''
  const pin = `/run/reconcile/${rootIdOf(world.root)}/pods/${pod.metadata.uid}/net`
  return [...hosts.host(name).within, 'nsenter', `--net=${pin}`]
}

/** Whole packets both ways: the servers send back what they are sent, after the line with their name. */
export const ECHO = `
const socket = require('net').connect({ host: process.argv[1], port: process.argv[2] })
let came = 0
socket.once('data', (line) => {
  came = line.length - line.indexOf(10) - 1
  socket.on('data', (data) => {
    came += data.length
    if (came < 1000000) return
    console.log(came + ' came back')
    socket.destroy()
  })
})
socket.write(Buffer.alloc(1000000))
`
