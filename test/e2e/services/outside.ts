import { execa } from 'execa'
import { disposedAfterTest } from '../../support/cutOff.ts'

/** A machine beside this one: a network namespace with a link to here, which sends everything by it. */
export class Outside implements AsyncDisposable {
  /** This machine's address on that link. */
  readonly here: string
  readonly there: string
  readonly #name = `rcx${process.pid % 100_000}`

  private constructor(network: number) {
    this.here = `198.51.100.${network}`
    this.there = `198.51.100.${network + 1}`
    disposedAfterTest(this)
  }

  /** `network`: the last byte of this machine's address, one of a /31. */
  static async create(network: number): Promise<Outside> {
    const outside = new Outside(network)
    const name = outside.#name
    const ip = async (command: string) => await execa('ip', command.split(' '))
    await ip(`netns add ${name}`)
    await ip(`link add ${name} type veth peer name eth0 netns ${name}`)
    await ip(`addr add ${outside.here}/31 dev ${name}`)
    await ip(`link set ${name} up`)
    await ip(`-n ${name} addr add ${outside.there}/31 dev eth0`)
    await ip(`-n ${name} link set eth0 up`)
    await ip(`-n ${name} link set lo up`)
    await ip(`-n ${name} route add default via ${outside.here}`)
    return outside
  }

  /** What a command line is put behind, to be run there. */
  get within(): readonly [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.#name]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await execa('ip', ['netns', 'delete', this.#name], { reject: false })
  }
}
