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
import { sshdConfig, SshKeys } from '../sshd.ts'

const INIT = new URL('init.sh', import.meta.url).pathname
const CGROUPS = '/sys/fs/cgroup'

/**
 * Machines on this one, with an sshd each: namespaces of their own, joined by a bridge of this machine's. What a machine has on its disk is in
 * its folder, and at `root`, the same path on each, it has its own. Disposing ends them and takes everything away.
 */
export class Hosts implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'reconcile-hosts-'))
  readonly root = join(this.folder, 'disk', 'root')
  readonly keys = new SshKeys()
  /** Six letters that everything is named after that the kernel has. */
  readonly id = basename(this.folder).slice(-6).toLowerCase()
  readonly #subnet: string
  readonly #hosts: Host[] = []
  readonly #servers: Server[] = []
  #disposed = false

  private constructor(subnet: string) {
    this.#subnet = subnet
    disposedAfterTest(this)
  }

  /** `subnet` is three numbers, such as `10.97.1`: of one test file's own. */
  static async create(subnet: string, names: readonly string[]): Promise<Hosts> {
    const hosts = new Hosts(subnet)
    try {
      hosts.#makeBridge()
      for (const name of names) await hosts.#add(name)
    } catch (error) {
      await hosts[Symbol.asyncDispose]()
      throw error
    }
    return hosts
  }

  get bridge(): string {
    return `rh-${this.id}`
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
    server.listen(0, `${this.#subnet}.1`)
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return `http://${this.#subnet}.1:${address.port}`
  }

  #makeBridge(): void {
    mkdirSync(this.root, { recursive: true })
    ip('link', 'add', this.bridge, 'type', 'bridge')
    ip('address', 'add', `${this.#subnet}.1/24`, 'dev', this.bridge)
    ip('link', 'set', this.bridge, 'up')
  }

  async #add(name: string): Promise<void> {
    const place = this.#hosts.length
    const address = `${this.#subnet}.${place + 11}`
    const host = new Host(this, { name, address, gateway: `${this.#subnet}.1`, link: `rh${this.id}${place}` })
    this.#hosts.push(host)
    this.keys.know(address, 22)
    await host.start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    for (const server of this.#servers) server.close()
    for (const host of this.#hosts) await host.stop()
    if (existsSync(`/sys/class/net/${this.bridge}`)) ip('link', 'delete', this.bridge)
    this.keys[Symbol.dispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

interface Place {
  readonly name: string
  readonly address: string
  readonly gateway: string
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

  /** Where this machine keeps the host's part of each cgroup hierarchy. */
  get cgroup(): string {
    return `reconcile-host-${this.#hosts.id}-${this.name}`
  }

  /** A boot: what is on its disk is as it was, all else is new. */
  async start(): Promise<void> {
    writeFileSync(join(this.folder, 'boot_id'), `${randomUUID()}\n`)
    const groups = makeGroups(this.cgroup)
    const { address, gateway, link, name } = this.#place
    const joining = groups.map((group) => `echo $$ > ${group}/cgroup.procs`).join('; ')
    const unshare = 'exec unshare --net --mount --uts --pid --cgroup --ipc --fork --kill-child'
    const args = [
      name,
      this.folder,
      this.#hosts.root,
      `${address}/24`,
      gateway,
      join(this.folder, 'sshd_config'),
    ]
    const init = spawn('sh', ['-c', `${joining}; ${unshare} sh "$0" "$@"`, INIT, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    })
    this.#init = init
    await said(init, 'here')
    ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(this.pid))
    ip('link', 'set', link, 'master', this.#hosts.bridge, 'up')
    init.stdin?.write('\n')
    await said(init, 'up')
  }

  /** All of it ends at once, as when its power is cut. */
  async stop(): Promise<void> {
    const init = this.#init
    this.#init = undefined
    if (init !== undefined && init.exitCode === null && init.signalCode === null) {
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

  /** A command on the host; its output. */
  run(...command: readonly [string, ...string[]]): string {
    return execFileSync('nsenter', ['--all', '--target', String(this.pid), '--', ...command], {
      encoding: 'utf8',
    })
  }
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
