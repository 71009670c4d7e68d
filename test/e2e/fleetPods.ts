import type { ShownPod, World } from '../support/engine.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { rootIdOf } from '../support/machine.ts'
import { MACHINE_VOLUME, PEER, peerContainer } from './services/pods.ts'

export const NODES = ['one', 'two', 'three'] as const

const SERVE = `exec chroot /machine ${process.execPath} ${PEER} serve $(hostname) $IP 8080`

/** `on-NODE` tells its name, and who asks. */
export function serverOn(node: string) {
  const container = peerContainer([], {
    command: ['sh', '-c', SERVE],
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
