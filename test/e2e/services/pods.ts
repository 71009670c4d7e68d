import { execa } from 'execa'
import type { World } from '../../support/engine.ts'
import { files } from '../../support/pods.ts'

type Fields = Readonly<Record<string, unknown>>

/** Asks and answers, in Node alone: it runs anywhere. */
export const PEER = new URL('peer.js', import.meta.url).pathname

/** A container with Node in it, from the machine's own files: peer.js runs there. */
export function peerContainer(command: readonly string[], more: Fields = {}): Fields {
  return {
    name: 'peer',
    image: 'busybox:1.36',
    command: ['chroot', '/machine', process.execPath, PEER, ...command],
    env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    volumeMounts: [{ name: 'machine', mountPath: '/machine', readOnly: true }],
    ...more,
  }
}

export const MACHINE_VOLUME = { name: 'machine', hostPath: { path: '/' } }

/** So many pods, each of which tells its name to whoever comes to port 8080, by tcp and udp. */
export function servers(name: string, replicas: number): Fields {
  const script = `exec chroot /machine ${process.execPath} ${PEER} serve $(hostname) $IP 8080`
  const container = peerContainer([], {
    command: ['sh', '-c', script],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    lifecycle: undefined,
  })
  return deployment(name, replicas, {
    containers: [container],
    volumes: [MACHINE_VOLUME],
    terminationGracePeriodSeconds: 0,
  })
}

/** Web servers that take leave of their clients when they are asked to end, behind a Service at this address. `revision`: another one rolls them. */
export function webServers(
  name: string,
  replicas: number,
  revision: number,
  clusterIP: string,
): Readonly<Record<string, string>> {
  const container = peerContainer(['web', '8080'], {
    readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
  })
  const spec = { containers: [container], volumes: [MACHINE_VOLUME], terminationGracePeriodSeconds: 10 }
  return files(
    deployment(name, replicas, spec, { revision: String(revision) }),
    service(name, name, { clusterIP }),
  )
}

export function deployment(name: string, replicas: number, spec: Fields, annotations: Fields = {}): Fields {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 0 } },
      template: { metadata: { labels: { app: name }, annotations }, spec },
    },
  }
}

export function service(name: string, app: string, spec: Fields): Fields {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  }
}

/** How often each answer came, `NAME CLIENT` or an error's code, to a peer that asks from here, or from where `within` leads. */
export async function ask(
  host: string,
  port: number,
  count = 1,
  options: { readonly within?: readonly string[]; readonly transport?: 'TCP' | 'UDP' } = {},
): Promise<Readonly<Record<string, number>>> {
  const { transport = 'TCP', within = [] } = options
  const argv = [...within, process.execPath, PEER, 'ask', host, String(port), String(count), transport]
  const { stdout } = await execa(argv[0] ?? '', argv.slice(1))
  return JSON.parse(stdout) as Readonly<Record<string, number>>
}

/** A peer that stays, from here. */
export function peer(...args: readonly string[]) {
  return execa(process.execPath, [PEER, ...args], { reject: false })
}

/** The same in a pod of `world`. */
export async function askFrom(
  world: World,
  pod: string,
  host: string,
  port: number,
): Promise<Readonly<Record<string, number>>> {
  const argv = ['chroot', '/machine', process.execPath, PEER, 'ask', host, String(port), '10', 'TCP']
  return JSON.parse(await world.exec(pod, ...argv)) as Readonly<Record<string, number>>
}

/** By pod, whoever the client was. */
export function byPod(answers: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const [answer, count] of Object.entries(answers)) {
    const name = answer.split(' ')[0] ?? ''
    counts.set(name, (counts.get(name) ?? 0) + count)
  }
  return counts
}
