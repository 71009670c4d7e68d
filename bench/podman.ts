import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { timed } from './measure.ts'

/**
 * `podman kube play` with a store and a network namespace of its own: podman leaves its bridge and its iptables
 * chains behind, and they vanish with the namespace.
 */
export class Podman implements AsyncDisposable {
  readonly #folder: string
  readonly #netns: string
  readonly #env: Readonly<Record<string, string>>

  private constructor(folder: string, netns: string) {
    this.#folder = folder
    this.#netns = netns
    this.#env = { CONTAINERS_CONF: join(folder, 'containers.conf') }
  }

  /** `runtime` is the one that the engine uses. `image` is an OCI reference that skopeo can read. */
  static async create(folder: string, runtime: string, image: string): Promise<Podman> {
    const podman = new Podman(folder, `rc-bench-${process.pid}`)
    mkdirSync(folder, { recursive: true })
    // The limits keep within what an unprivileged machine may ask for: podman's own defaults fail there.
    const conf = `[engine]
runtime = "${runtime}"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
log_driver = "k8s-file"
`
    writeFileSync(join(folder, 'containers.conf'), conf)
    await timed(['ip', 'netns', 'add', podman.#netns])
    await podman.#run('pull', '--quiet', '--tls-verify=false', image)
    await podman.#run('tag', image, 'docker.io/library/busybox:1.36')
    return podman
  }

  async play(file: string): Promise<number> {
    return this.#run('kube', 'play', file)
  }

  async down(file: string): Promise<number> {
    return this.#run('kube', 'down', file)
  }

  async #run(...args: readonly string[]): Promise<number> {
    const store = ['--root', join(this.#folder, 'store'), '--runroot', join(this.#folder, 'run')]
    // Not `ip netns exec`: it mounts a /sys of its own, in which the cgroups are missing.
    const inside = args[0] === 'pull' ? [] : ['nsenter', `--net=/run/netns/${this.#netns}`]
    return (await timed([...inside, 'podman', ...store, ...args] as [string, ...string[]], this.#env)).ms
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run('pod', 'rm', '--all', '--force', '--time=0').catch(() => undefined)
    await timed(['umount', '--quiet', '--lazy', join(this.#folder, 'store', 'overlay')]).catch(
      () => undefined,
    )
    await timed(['ip', 'netns', 'del', this.#netns])
  }
}
