import { carryOut } from '../../engine/cli/apply.ts'
import { parseCommandLine } from '../../engine/cli/invocation.ts'
import type { Output, World as CliWorld } from '../../engine/cli/world.ts'
import type { Desired } from '../../engine/api/snapshot.ts'
import type { Runtime } from '../../engine/runtimes/runtime.ts'
import type { ConnectionOptions } from '../../engine/runtimes/simulated/runtime.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { NODE, type World } from '../simulation/loop/engine.ts'

export interface Shown {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions extends ConnectionOptions {
  readonly argv?: readonly string[]
  readonly timeoutMs?: number
  readonly tty?: boolean
  readonly signal?: AbortSignal
  readonly logs?: Runtime['logs']
}

export function cliWorld(
  world: World,
  options: CliOptions = {},
): CliWorld & { shown(): Omit<Shown, 'status'> } {
  const texts = { stdout: '', stderr: '' }
  const output = (name: keyof typeof texts): Output => ({
    write: (text) => {
      texts[name] += text
    },
    isTTY: options.tty ?? false,
    size: () => ({ columns: 120, rows: 40 }),
    closed: new AbortController().signal,
  })
  return {
    argv: options.argv ?? ['--once'],
    environment: {},
    cwd: '/',
    stdin: { isTTY: false, async *[Symbol.asyncIterator]() {} },
    stdout: output('stdout'),
    stderr: output('stderr'),
    userId: 0,
    processId: 1,
    nodeVersion: 'v26',
    clock: world.clock,
    signal: options.signal ?? new AbortController().signal,
    onReload: () => undefined,
    shown: () => ({ ...texts }),
  }
}

/** `--once` on a machine in memory, from the moment on when the root is its own. */
export async function once(world: World, desired: Desired, options: CliOptions = {}): Promise<Shown> {
  const { runtime } = connectTo(world.node, options)
  const told = options.logs === undefined ? runtime : { ...runtime, logs: options.logs }
  const machine = { node: NODE, runtime: told, runtimes: new Map([[NODE, told]]) }
  const cli = cliWorld(world, options)
  const invocation = parseCommandLine(cli.argv)
  const job = { desired, machine, timeoutMs: options.timeoutMs ?? 300_000 }
  const status = await world.clock.runUntil(carryOut(job, invocation, cli))
  return { status, ...cli.shown() }
}
