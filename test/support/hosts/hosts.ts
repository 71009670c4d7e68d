import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, connect, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream'
import { disposedAfterTest } from '../cutOff.ts'
import { type HostState, hostState } from '../hostState.ts'
import { addressIn, ownRanges } from '../ranges.ts'
import { sshdConfig, SshKeys } from '../sshd.ts'

const INIT = new URL('init.sh', import.meta.url).pathname
const CGROUPS = '/sys/fs/cgroup'

/**
 * Machines on this one, with an sshd each: namespaces of their own, joined by a bridge of this machine's; several bridges are joined by a router.
 * What a machine has on its disk is in its folder, and at `root`, the same path on each, it has its own. Disposing ends them and takes everything
 * away.
 */
export class Hosts implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'reconcile-hosts-'))
  readonly root = join(this.folder, 'disk', 'root')
  readonly keys = new SshKeys()
  /** Six letters that everything is named after that the kernel has. */
  readonly id = basename(this.folder).slice(-6).toLowerCase()
  /** `10.128.192.0/24`, of each bridge. */
  readonly #subnets: readonly string[]
  readonly #hosts: Host[] = []
  readonly #servers: Server[] = []
  #disposed = false

  private constructor(subnets: readonly string[]) {
    this.#subnets = subnets
    disposedAfterTest(this)
  }

  /** The names of the machines on each link: one link, or several with a router between them. */
  static async create(...links: readonly (readonly string[])[]): Promise<Hosts> {
    const hosts = new Hosts((await ownRanges()).links.slice(0, links.length))
    try {
      hosts.#makeBridges()
      for (const [link, names] of links.entries()) for (const name of names) await hosts.#add(name, link)
    } catch (error) {
      await hosts[Symbol.asyncDispose]()
      throw error
    }
    return hosts
  }

  bridge(link = 0): string {
    return `rh-${this.id}-${link}`
  }

  get #router(): string {
    return `rh-${this.id}`
  }

  /** This machine's own, of the first link: all machines reach it. */
  get #head(): string {
    return addressIn(this.#subnets[0] ?? '', 1)
  }

  host(name: string): Host {
    const host = this.#hosts.find((one) => one.name === name)
    if (host === undefined) throw new Error(`no host ${name}`)
    return host
  }

  /** A port of this machine's loopback, as the hosts can reach it. */
  async expose(port: number): Promise<string> {
    const server = createServer((socket) => {
      pipeline(socket, connect(port, '127.0.0.1'), socket, () => undefined)
    })
    this.#servers.push(server)
    server.listen(0, this.#head)
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return `http://${this.#head}:${address.port}`
  }

  #makeBridges(): void {
    mkdirSync(this.root, { recursive: true })
    const isRouted = this.#subnets.length > 1
    if (isRouted) ip('netns', 'add', this.#router)
    for (const [link, subnet] of this.#subnets.entries()) {
      const bridge = this.bridge(link)
      ip('link', 'add', bridge, 'type', 'bridge')
      ip('address', 'add', `${addressIn(subnet, 1)}/24`, 'dev', bridge)
      ip('link', 'set', bridge, 'up')
      if (isRouted) this.#route(link, subnet)
    }
    if (isRouted) ip('netns', 'exec', this.#router, 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1')
  }

  #route(link: number, subnet: string): void {
    const [router, own] = [this.#router, `rh${this.id}r${link}`]
    ip('link', 'add', own, 'type', 'veth', 'peer', 'name', `eth${link}`, 'netns', router)
    ip('link', 'set', own, 'master', this.bridge(link), 'up')
    ip('-n', router, 'address', 'add', `${addressIn(subnet, 2)}/24`, 'dev', `eth${link}`)
    ip('-n', router, 'link', 'set', `eth${link}`, 'up')
  }

  async #add(name: string, bridge: number): Promise<void> {
    const place = this.#hosts.length
    const subnet = this.#subnets[bridge] ?? ''
    const address = addressIn(subnet, place + 11)
    const host = new Host(this, {
      name,
      address,
      bridge,
      gateway: addressIn(subnet, this.#subnets.length > 1 ? 2 : 1),
      link: `rh${this.id}${place}`,
      // This machine is no way from one link to another one.
      routes: bridge === 0 ? [] : [`${this.#head} via ${addressIn(subnet, 1)}`],
    })
    this.#hosts.push(host)
    this.keys.know(address, 22)
    await host.start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    for (const server of this.#servers) server.close()
    for (const host of this.#hosts) await host.stop()
    for (const link of this.#subnets.keys())
      if (existsSync(`/sys/class/net/${this.bridge(link)}`)) ip('link', 'delete', this.bridge(link))
    if (existsSync(`/run/netns/${this.#router}`)) ip('netns', 'delete', this.#router)
    this.keys[Symbol.dispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

interface Place {
  readonly name: string
  readonly address: string
  /** Which one of this machine's. */
  readonly bridge: number
  readonly gateway: string
  /** Beside the one to everywhere. */
  readonly routes: readonly string[]
  /** This machine's end of the host's link. */
  readonly link: string
}

export class Host {
  readonly name: string
  readonly address: string
  readonly folder: string
  readonly #hosts: Hosts
  readonly #place: Place
  #init: ChildProcess | undefined

  constructor(hosts: Hosts, place: Place) {
    this.#hosts = hosts
    this.#place = place
    this.name = place.name
    this.address = place.address
    this.folder = join(hosts.folder, place.name)
    mkdirSync(this.folder)
    writeFileSync(
      join(this.folder, 'sshd_config'),
      // Keys alone decide; the account's own files are this machine's.
      sshdConfig(hosts.keys, { address: '0.0.0.0', port: 22 }),
    )
  }

  get url(): string {
    return `ssh://root@${this.address}`
  }

  /** Of its first process, as this machine sees it. */
  get pid(): number {
    const outer = this.#init?.pid ?? 0
    return Number(readFileSync(`/proc/${outer}/task/${outer}/children`, 'utf8').trim())
  }

  get isRunning(): boolean {
    return this.#init !== undefined && this.#init.exitCode === null && this.#init.signalCode === null
  }

  /** Where this machine keeps the host's part of each cgroup hierarchy. */
  get cgroup(): string {
    return `reconcile-host-${this.#hosts.id}-${this.name}`
  }

  /** A boot: what is on its disk is as it was, all else is new. */
  async start(): Promise<void> {
    writeFileSync(join(this.folder, 'boot_id'), `${randomUUID()}\n`)
    const groups = makeGroups(this.cgroup)
    const { address, bridge, gateway, link, name, routes } = this.#place
    const joining = groups.map((group) => `echo $$ > ${group}/cgroup.procs`).join('; ')
    const unshare = 'exec unshare --net --mount --uts --pid --cgroup --ipc --fork --kill-child'
    const args = [
      name,
      this.folder,
      this.#hosts.root,
      `${address}/24`,
      gateway,
      join(this.folder, 'sshd_config'),
      ...routes,
    ]
    const init = spawn('sh', ['-c', `${joining}; ${unshare} sh "$0" "$@"`, INIT, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    })
    this.#init = init
    await said(init, 'here')
    const peer = ['peer', 'name', 'eth0', 'address', hardwareAddress(address), 'netns', String(this.pid)]
    ip('link', 'add', link, 'type', 'veth', ...peer)
    ip('link', 'set', link, 'master', this.#hosts.bridge(bridge), 'up')
    init.stdin?.write('\n')
    await said(init, 'up')
  }

  /** All of it ends at once, as when its power is cut. */
  async stop(): Promise<void> {
    const { isRunning } = this
    const init = this.#init
    this.#init = undefined
    if (init !== undefined && isRunning) {
      const ended = once(init, 'exit')
      init.kill('SIGKILL')
      await ended
    }
    const { link } = this.#place
    // The kernel takes it away a moment after the namespace of its other end, maybe before this does.
    while (existsSync(`/sys/class/net/${link}`)) spawnSync('ip', ['link', 'delete', link])
    await removeGroups(this.cgroup)
  }

  async reboot(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Nothing comes through any more; nobody is told. */
  cut(): void {
    ip('link', 'set', this.#place.link, 'down')
  }

  mend(): void {
    ip('link', 'set', this.#place.link, 'up')
  }

  /** What a command on the host is appended to. */
  get within(): readonly [string, ...string[]] {
    return ['nsenter', '--all', '--target', String(this.pid), '--']
  }

  /** All that can be changed of its network. */
  async state(): Promise<HostState> {
    return await hostState(this.within)
  }

  /** A command on the host; its output. */
  run(...command: readonly [string, ...string[]]): string {
    const [program, ...args] = [...this.within, ...command]
    return execFileSync(program, args, { encoding: 'utf8' })
  }
}

/** The same after a reboot, as a machine's is: its neighbours know it for half a minute. */
function hardwareAddress(address: string): string {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'))
  return ['02', '00', ...bytes].join(':')
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args)
}

async function said(process: ChildProcess, word: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let heard = ''
  const hear = (bytes: Buffer): void => {
    heard += bytes.toString()
    if (heard.includes(word)) resolve()
  }
  const end = (): void => reject(new Error(`the host ended; it had said ${JSON.stringify(heard)}`))
  process.stdout?.on('data', hear)
  process.once('exit', end)
  try {
    await promise
  } finally {
    process.stdout?.off('data', hear)
    process.off('exit', end)
  }
}

/** Hierarchies as they are mounted here; one alone on a machine with cgroup v2. */
function hierarchies(): readonly string[] {
  if (existsSync(`${CGROUPS}/cgroup.controllers`)) return [CGROUPS]
  return readdirSync(CGROUPS).map((name) => `${CGROUPS}/${name}`)
}

function makeGroups(name: string): readonly string[] {
  return hierarchies().map((hierarchy) => {
    const group = `${hierarchy}/${name}`
    mkdirSync(group, { recursive: true })
    // Nobody may enter a group without any.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (existsSync(`${group}/${file}`) && existsSync(`${hierarchy}/tasks`))
        writeFileSync(`${group}/${file}`, readFileSync(`${hierarchy}/${file}`))
    }
    return group
  })
}

/** With all below them; the kernel keeps a group until the last of its processes has been cleared. */
async function removeGroups(name: string): Promise<void> {
  for (const hierarchy of hierarchies()) {
    while (!isRemoved(`${hierarchy}/${name}`)) await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function isRemoved(group: string): boolean {
  if (!existsSync(group)) return true
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory() && !isRemoved(`${group}/${entry.name}`)) return false
  try {
    rmdirSync(group)
    return true
  } catch {
    return false
  }
}
