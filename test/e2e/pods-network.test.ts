import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { hostname, networkInterfaces } from 'node:os'
import { readFileSync, readlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { files, logs, pod, scriptPod, sh } from '../support/pods.ts'

let world: World

type Fields = Readonly<Record<string, unknown>>

/** Far from what others on this machine listen on. */
const [TCP_PORT, UDP_PORT, LOCAL_PORT, HOST_PORT] = [31_871, 31_872, 31_873, 31_874]

const serve = (text: string, port = 8080) =>
  `mkdir -p /www; echo ${text} > /www/index.html; exec httpd -f -p ${port} -h /www`

const ready = (port = 8080) => ({ readinessProbe: { tcpSocket: { port }, periodSeconds: 1 } })

const NAMESPACES = 'for n in net ipc uts pid; do readlink /proc/self/ns/$n; done'

function published(
  name: string,
  script: string,
  ports: readonly Fields[],
  more: Fields = {},
  spec: Fields = {},
) {
  return scriptPod(name, script, { ports, ...more }, spec)
}

const ECHO =
  '$s = IO::Socket::INET->new(LocalPort => 5353, Proto => "udp"); $s->send("heard $m") while $s->recv($m, 99)'

const PODS = [
  scriptPod('server', serve('hello'), ready()),
  pod('pair', {
    containers: [sh(serve('beside'), { name: 'beside', ...ready() }), sh('exec sleep 3600')],
  }),
  scriptPod('usual', `${NAMESPACES}; hostname; cat /etc/hostname /etc/resolv.conf; cat /etc/hosts`),
  scriptPod('host-network', `${serve('from the host network', HOST_PORT)}`, ready(HOST_PORT), {
    hostNetwork: true,
  }),
  scriptPod(
    'host-network-look',
    `${NAMESPACES}; hostname; cat /etc/hosts`,
    {},
    {
      hostNetwork: true,
      hostAliases: [{ ip: '192.0.2.9', hostnames: ['elsewhere'] }],
    },
  ),
  scriptPod('host-pid', `${NAMESPACES}; tr '\\0' ' ' < /proc/1/cmdline`, {}, { hostPID: true }),
  scriptPod('host-ipc', `${NAMESPACES}; grep ' /dev/shm ' /proc/mounts`, {}, { hostIPC: true }),
  pod('share-pid', {
    shareProcessNamespace: true,
    containers: [
      sh('exec sleep 4444'),
      sh('until ps | grep -q "[s]leep 4444"; do sleep 0.1; done; ps; exec sleep 3600', { name: 'other' }),
    ],
  }),
  pod('share-ipc', {
    volumes: [],
    containers: [
      sh('echo shared > /dev/shm/word; exec sleep 3600'),
      sh('until [ -e /dev/shm/word ]; do sleep 0.1; done; cat /dev/shm/word; exec sleep 3600', {
        name: 'other',
      }),
    ],
  }),
  scriptPod(
    'named',
    'hostname; cat /etc/hosts',
    {},
    {
      hostname: 'other-name',
      hostAliases: [
        { ip: '192.0.2.1', hostnames: ['one', 'one.example'] },
        { ip: '192.0.2.2', hostnames: ['two'] },
      ],
    },
  ),
  scriptPod(
    'dns-none',
    'cat /etc/resolv.conf',
    {},
    {
      dnsPolicy: 'None',
      dnsConfig: {
        nameservers: ['192.0.2.53', '192.0.2.54'],
        searches: ['one.example', 'two.example'],
        options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
      },
    },
  ),
  scriptPod('dns-default', 'cat /etc/resolv.conf', {}, { dnsPolicy: 'Default' }),
  scriptPod(
    'dns-more',
    'cat /etc/resolv.conf',
    {},
    {
      dnsPolicy: 'Default',
      dnsConfig: { searches: ['more.example'], options: [{ name: 'timeout', value: '3' }] },
    },
  ),
  published('published', serve('published'), [{ containerPort: 8080, hostPort: TCP_PORT }], ready()),
  published(
    'published-udp',
    // busybox has no server for UDP: the machine's perl, in the pod's network.
    `exec chroot /machine perl -MIO::Socket::INET -e '${ECHO}'`,
    [{ containerPort: 5353, hostPort: UDP_PORT, protocol: 'UDP' }],
    { volumeMounts: [{ name: 'machine', mountPath: '/machine', readOnly: true }] },
    { volumes: [{ name: 'machine', hostPath: { path: '/' } }] },
  ),
  published(
    'published-local',
    serve('only here'),
    [{ containerPort: 8080, hostPort: LOCAL_PORT, hostIP: '127.0.0.1' }],
    ready(),
  ),
]

ownWorld(async (own) => {
  world = own
  await world.commit(files(...PODS))
  const run = await world.once()
  if (run.exitCode !== 0) throw new Error(run.stderr)
})

const own = (namespace: string) => readlinkSync(`/proc/self/ns/${namespace}`)

async function addressOf(name: string): Promise<string> {
  return (await world.pod(name)).status.podIP ?? ''
}

async function get(url: string): Promise<string> {
  return (await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).text()).trim()
}

/** Of the machine, not of a bridge of ours. */
function machineAddress(): string {
  const addresses = Object.entries(networkInterfaces())
    .filter(([name]) => !/^(lo|rc-|veth|cni|podman|docker)/.test(name))
    .flatMap(([, list = []]) => list.filter(({ family }) => family === 'IPv4'))
  return addresses[0]?.address ?? ''
}

describe('addresses', () => {
  test('a pod reaches another one, and itself, by the address in its status', async () => {
    const address = await addressOf('server')
    expect(await world.exec('pair', 'wget', '-qO-', `http://${address}:8080/`)).toBe('hello')
    expect(await world.exec('server', 'wget', '-qO-', `http://${address}:8080/`)).toBe('hello')
  })

  test('a pod reaches the machine, and the machine the pod', async () => {
    expect(await get(`http://${await addressOf('server')}:8080/`)).toBe('hello')
    expect(await world.exec('pair', 'wget', '-qO-', `http://${machineAddress()}:${HOST_PORT}/`)).toBe(
      'from the host network',
    )
  })

  test('containers of a pod share its address and localhost', async () => {
    expect(await world.exec('pair', 'wget', '-qO-', 'http://127.0.0.1:8080/')).toBe('beside')
  })

  test('a pod on the machine’s network has the machine’s address', async () => {
    const { status } = await world.pod('host-network')
    expect(status.podIP).toBe(status.hostIP)
    expect(await get(`http://127.0.0.1:${HOST_PORT}/`)).toBe('from the host network')
  })
})

describe('namespaces', () => {
  test('a pod has its own by default', async () => {
    const [net, ipc, uts, pid] = (await logs(world, 'usual')).split('\n')
    expect([net, ipc, uts, pid].every((name) => /^\w+:\[\d+\]$/.test(name ?? ''))).toBe(true)
    expect(
      [net, ipc, uts, pid].filter((name) => ['net', 'ipc', 'uts', 'pid'].map(own).includes(name ?? '')),
    ).toEqual([])
  })

  test('hostNetwork shares network and host name, and nothing else', async () => {
    const [net, ipc, uts, pid, name] = (await logs(world, 'host-network-look')).split('\n')
    expect([net, uts, name]).toEqual([own('net'), own('uts'), hostname()])
    expect(ipc).not.toBe(own('ipc'))
    expect(pid).not.toBe(own('pid'))
  })

  test('hostPID shows the machine’s processes', async () => {
    const [net, , , pid, ...rest] = (await logs(world, 'host-pid')).split('\n')
    expect(pid).toBe(own('pid'))
    expect(net).not.toBe(own('net'))
    expect(rest.join('\n').trim()).toBe(readFileSync('/proc/1/cmdline', 'utf8').replaceAll('\0', ' ').trim())
  })

  test('hostIPC shares semaphores and shared memory', async () => {
    const [net, ipc, , , ...mounts] = (await logs(world, 'host-ipc')).split('\n')
    expect(ipc).toBe(own('ipc'))
    expect(net).not.toBe(own('net'))
    expect(mounts).not.toEqual([])
  })

  test('shareProcessNamespace lets containers see each other’s processes, with a process 1 that is neither', async () => {
    const lines = (await logs(world, 'share-pid', 'other')).split('\n')
    expect(lines.find((line) => /^\s*1 /.test(line))).not.toMatch(/sleep 4444|until/)
    expect(lines.some((line) => line.includes('sleep 4444'))).toBe(true)
  })

  test('the process 1 of such a pod gives nothing of the machine away', async () => {
    const list = async (path: string) =>
      (await world.run('exec', 'share-pid', '-c', 'other', '--', 'ls', path)).stdout.split('\n')
    const all = await list('/proc/1/root/')
    expect(all.filter((name) => ['home', 'root', 'tmp', 'work'].includes(name))).toEqual([])
    // docker gives one to each container, with these in it, and what leads to /proc.
    const etc = all.includes('etc') ? await list('/proc/1/root/etc/') : []
    expect(etc.filter((name) => !['hostname', 'hosts', 'mtab', 'resolv.conf'].includes(name))).toEqual([])
  })

  test('containers of a pod share /dev/shm', async () => {
    expect(await logs(world, 'share-ipc', 'other')).toBe('shared')
  })
})

describe('names', () => {
  test('hostname and hostAliases', async () => {
    const text = await logs(world, 'named')
    expect(text.split('\n')[0]).toBe('other-name')
    expect(text).toMatch(/^192\.0\.2\.1\tone\tone\.example$/m)
    expect(text).toMatch(/^192\.0\.2\.2\ttwo$/m)
    expect(text).toContain(`${await addressOf('named')}\tother-name`)
  })

  test('hostAliases are added to the machine’s own names where the network is the machine’s', async () => {
    const text = await logs(world, 'host-network-look')
    expect(text).toContain(readFileSync('/etc/hosts', 'utf8').trim())
    expect(text).toMatch(/^192\.0\.2\.9\telsewhere$/m)
  })

  test('dnsPolicy None is what dnsConfig says, and nothing else', async () => {
    expect((await logs(world, 'dns-none')).split('\n').toSorted()).toEqual([
      'nameserver 192.0.2.53',
      'nameserver 192.0.2.54',
      'options ndots:2 edns0',
      'search one.example two.example',
    ])
  })

  test('dnsPolicy Default is the machine’s, with what dnsConfig adds', async () => {
    const servers = (text: string) => [...text.matchAll(/^nameserver .*$/gm)].map(([line]) => line)
    const plain = await logs(world, 'dns-default')
    const more = await logs(world, 'dns-more')
    expect(servers(plain)).not.toEqual([])
    expect(servers(more)).toEqual(servers(plain))
    expect(more).toMatch(/^search .*more\.example$/m)
    expect(more).toMatch(/^options .*timeout:3/m)
  })
})

describe('hostPort', () => {
  test('is reached from outside, on loopback, and from a pod', async () => {
    const machine = machineAddress()
    expect(machine).not.toBe('')
    expect(await get(`http://${machine}:${TCP_PORT}/`)).toBe('published')
    expect(await get(`http://127.0.0.1:${TCP_PORT}/`)).toBe('published')
    expect(await world.exec('pair', 'wget', '-qO-', `http://${machine}:${TCP_PORT}/`)).toBe('published')
    expect(await world.exec('published', 'wget', '-qO-', `http://${machine}:${TCP_PORT}/`)).toBe('published')
  })

  test('of UDP, too', async () => {
    const socket = createSocket('udp4')
    const answer = once(socket, 'message')
    // Until the server listens, what is sent is lost.
    const again = setInterval(() => socket.send('you', UDP_PORT, machineAddress()), 100)
    const [message] = await answer
    clearInterval(again)
    socket.close()
    expect(String(message)).toBe('heard you')
  })

  test('with a hostIP only there', async () => {
    expect(await get(`http://127.0.0.1:${LOCAL_PORT}/`)).toBe('only here')
    await expect(
      fetch(`http://${machineAddress()}:${LOCAL_PORT}/`, { signal: AbortSignal.timeout(2_000) }),
    ).rejects.toThrow()
  })
})
