import { execa } from 'execa'
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { disposedAfterTest } from '../../support/cutOff.ts'
import { type HostState, hostState } from '../../support/hostState.ts'
import { PEER } from './pods.ts'

/**
 * Nobody has made any link, rule or route here before, and packets are not passed on: as a machine that was never used for containers. All of /run is
 * its own: what is mounted at a folder below it the kernel takes away as soon as somebody removes that folder elsewhere.
 */
const HOST = `set -e
mkdir -p "$0/cgroup"
mount --rbind /sys/fs/cgroup "$0/cgroup"
mount -t sysfs sysfs /sys
mount --move "$0/cgroup" /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
ip link set lo up
ip link add eth0 type bridge
sysctl -q -w net.ipv6.conf.eth0.disable_ipv6=1
ip addr add 192.0.2.9/24 dev eth0
ip link set eth0 up
ip route add default via 192.0.2.1
sysctl -q -w net.ipv4.ip_forward=0 net.bridge.bridge-nf-call-iptables=0
echo ready
exec sleep 600
`

/** A network and mounts of its own, from which the registry of the test is reached all the same. */
export class OwnHost implements AsyncDisposable {
  readonly within: readonly [string, ...string[]]
  readonly #ends: (() => void)[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'reconcile-host-'))
  readonly #holder

  constructor() {
    const argv = ['--net', '--mount', '--propagation', 'private', 'sh', '-c', HOST, this.#folder]
    this.#holder = execa('unshare', argv, { reject: false })
    this.within = [
      'nsenter',
      `--net=/proc/${this.#holder.pid}/ns/net`,
      `--mount=/proc/${this.#holder.pid}/ns/mnt`,
    ]
    disposedAfterTest(this)
  }

  static async create(port: number): Promise<OwnHost> {
    const host = new OwnHost()
    const failed = host.#holder.then(({ stderr }) => {
      throw new Error(`making a host of its own: ${stderr}`)
    })
    await Promise.race([once(host.#holder.stdout, 'data'), failed])
    failed.catch(() => undefined)
    await host.#lead(port)
    return host
  }

  async #lead(port: number): Promise<void> {
    const path = join(this.#folder, 'registry.sock')
    const server = createServer((socket) => {
      const other = connect({ host: '127.0.0.1', port })
      for (const one of [socket, other]) one.on('error', () => undefined)
      socket.pipe(other).pipe(socket)
    })
    server.listen(path)
    await once(server, 'listening')
    const [program, ...args] = [...this.within, process.execPath, PEER, 'forward', String(port), path]
    const forward = execa(program ?? '', args, { reject: false })
    await once(forward.stdout, 'data')
    this.#ends.push(
      () => server.close(),
      () => forward.kill('SIGKILL'),
    )
  }

  async run(...argv: readonly string[]): Promise<string> {
    const [program, ...args] = [...this.within, ...argv]
    return (await execa(program ?? '', args)).stdout
  }

  async state(): Promise<HostState> {
    return await hostState(this.within)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.splice(0)) end()
    this.#holder.kill('SIGKILL')
    await this.#holder
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
