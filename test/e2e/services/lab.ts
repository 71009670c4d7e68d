import { execa } from 'execa'
import { once } from 'node:events'
import { disposedAfterTest } from '../../support/cutOff.ts'
import { PEER } from './pods.ts'

export interface LabPod {
  readonly name: string
  readonly address: string
  readonly address6: string
}

/** How often each answer came: `NAME CLIENT`, or an error's code. */
export type Answers = Readonly<Record<string, number>>

/**
 * A machine in a network namespace: a bridge with pods in namespaces of their own, and a client outside. Real links, a real kernel; the
 * pods are servers that tell their names. Nothing of it is left when it is disposed of.
 */
export class Lab implements AsyncDisposable {
  readonly pods: readonly LabPod[]
  /** The machine's own address, as the client sees it. */
  readonly nodeAddress = '192.0.2.1'
  readonly podRange = '10.250.0.0/24'
  readonly podRange6 = 'fd00:250::/64'
  readonly #prefix: string
  readonly #servers: (PromiseLike<unknown> & { kill(signal: 'SIGKILL'): boolean })[] = []

  private constructor(prefix: string, pods: number) {
    this.#prefix = prefix
    this.pods = Array.from({ length: pods }, (_, index) => ({
      name: `p${index + 1}`,
      address: `10.250.0.${index + 11}`,
      address6: `fd00:250::${index + 11}`,
    }))
    disposedAfterTest(this)
  }

  static async create(pods: number): Promise<Lab> {
    const lab = new Lab(`rct${process.pid % 10_000}`, pods)
    try {
      await lab.#build()
    } catch (error) {
      await lab[Symbol.asyncDispose]()
      throw error
    }
    return lab
  }

  async #build(): Promise<void> {
    await this.#namespace('node')
    await this.#namespace('client')
    await this.#ip('node', 'link add br0 type bridge')
    await this.#ip('node', 'addr add 10.250.0.1/24 dev br0')
    await this.#ip('node', 'addr add fd00:250::1/64 dev br0 nodad')
    await this.#ip('node', 'link set br0 up')
    // So that the machine itself, with no other way, finds an address that exists nowhere.
    await this.#ip('node', 'route add 10.96.0.0/16 dev br0')
    await this.#ip('node', '-6 route add fd00:96::/112 dev br0')
    await this.#join('client', '192.0.2.2/24')
    await this.#ip('node', 'addr add 192.0.2.1/24 dev to-client')
    await this.#ip('client', 'route add default via 192.0.2.1')
    const forwarding = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']
    await this.inside('node', 'sysctl', '-q', '-w', ...forwarding)
    await this.inside(
      'node',
      'sysctl',
      '-q',
      '-w',
      'net.bridge.bridge-nf-call-iptables=1',
      'net.bridge.bridge-nf-call-ip6tables=1',
    )
    for (const pod of this.pods) await this.#pod(pod)
  }

  /** The output of a program in a namespace: `node`, `client` or a pod's name. */
  async inside(where: string, program: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await execa('ip', ['netns', 'exec', this.#name(where), program, ...args])
    return stdout
  }

  async nft(text: string): Promise<void> {
    await execa('ip', ['netns', 'exec', this.#name('node'), 'nft', '-f', '-'], { input: text })
  }

  async ask(
    where: string,
    host: string,
    port: number,
    count = 1,
    transport: 'TCP' | 'UDP' = 'TCP',
  ): Promise<Answers> {
    const answer = await this.inside(where, 'node', PEER, 'ask', host, String(port), String(count), transport)
    return JSON.parse(answer) as Answers
  }

  /** A connection that stays; what comes back is its standard output. */
  hold(where: string, host: string, port: number) {
    return this.#peer(where, 'hold', host, String(port))
  }

  #peer(where: string, ...args: readonly string[]) {
    return execa('ip', ['netns', 'exec', this.#name(where), 'node', PEER, ...args], { reject: false })
  }

  async #pod(pod: LabPod): Promise<void> {
    const { address, address6, name } = pod
    await this.#namespace(name)
    await this.#join(name, `${address}/24`)
    await this.#ip(name, `addr add ${address6}/64 dev eth0 nodad`)
    await this.#ip('node', `link set to-${name} master br0`)
    // So that a frame may go back to where it came from: a pod that reaches itself.
    await this.#ip('node', `link set to-${name} type bridge_slave hairpin on`)
    await this.#ip(name, 'route add default via 10.250.0.1')
    await this.#ip(name, '-6 route add default via fd00:250::1')
    for (const host of [address, address6]) {
      const server = this.#peer(name, 'serve', name, host, '8080')
      this.#servers.push(server)
      await once(server.stdout, 'data')
    }
  }

  async #namespace(name: string): Promise<void> {
    await execa('ip', ['netns', 'add', this.#name(name)])
    await this.#ip(name, 'link set lo up')
  }

  /** A pair of links, `to-NAME` on the machine and eth0 there. */
  async #join(name: string, address: string): Promise<void> {
    await this.#ip('node', `link add to-${name} type veth peer name eth0 netns ${this.#name(name)}`)
    await this.#ip('node', `link set to-${name} up`)
    await this.#ip(name, `addr add ${address} dev eth0`)
    await this.#ip(name, 'link set eth0 up')
  }

  async #ip(where: string, command: string): Promise<void> {
    await execa('ip', ['-n', this.#name(where), ...command.split(' ')])
  }

  #name(where: string): string {
    return `${this.#prefix}-${where}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      server.kill('SIGKILL')
      await server
    }
    for (const name of ['node', 'client', ...this.pods.map((pod) => pod.name)])
      await execa('ip', ['netns', 'delete', this.#name(name)], { reject: false })
  }
}
