import { execa } from 'execa'

export type HostState = Readonly<Record<string, string>>

/** All that can be changed of a machine's network, but what counts. `within`: what a command there is appended to. */
export async function hostState(within: readonly string[]): Promise<HostState> {
  const run = async (...argv: readonly string[]): Promise<string> => {
    const [program = '', ...args] = [...within, ...argv]
    return (await execa(program, args)).stdout
  }
  const settings = (await run('sysctl', '-a', '--pattern', '^net\\.')).split('\n')
  return {
    rules: await run('nft', 'list', 'ruleset'),
    links: await run('ip', '-o', 'link'),
    addresses: await run('ip', '-o', 'address'),
    routes: await run('ip', 'route', 'show', 'table', 'all'),
    routes6: await run('ip', '-6', 'route', 'show', 'table', 'all'),
    settings: settings.filter((line) => !COUNTS.test(line)).join('\n'),
  }
}

const COUNTS = /nf_conntrack_count|random|fib6?_nh|inet_peer|tcp_fastopen_key/
