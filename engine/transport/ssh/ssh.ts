import type { Transport } from '../transport.ts'
import { arrivalOver } from './arrival.ts'
import { runInteractiveOver, runOver, streamOver } from './commands.ts'
import { fileVerbs } from './files.ts'
import { createLine, type Line } from './line.ts'
import type { SshOptions } from './master.ts'
import { connectOver, lockOver, watchOver } from './ways.ts'

export interface SshTransportOptions extends SshOptions {
  /**
   * Has each new connection for itself, before what anybody else asks for. When it rejects, they are told the same, and the next one who asks
   * connects anew. A lock that is taken here is held for as long as the connection is there.
   */
  readonly greet?: (transport: Transport) => Promise<void>
}

/**
 * Another machine, through the user's own ssh. Connected when it is first needed, and again after the connection was lost; what was under
 * way then rejects with a TransportError. Two connections: what is long or large (a stream, a terminal, a connection to a port) never
 * stands in the way of what is short.
 */
export function sshTransport(options: SshTransportOptions): Transport & AsyncDisposable {
  const { greet } = options
  const line = createLine(options, greet && (async (own) => await greet(transportOver(own, own, options))))
  const wide = createLine(options)
  return {
    ...transportOver(line, wide, options),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([line[Symbol.asyncDispose](), wide[Symbol.asyncDispose]()])
    },
  }
}

function transportOver(line: Line, wide: Line, options: SshOptions): Transport {
  return {
    machine: options.address.text,
    ...fileVerbs(line),
    run: (command, signal) => runOver(line, options, command, signal),
    runInteractive: (command) => runInteractiveOver(wide, options, command),
    stream: (command, signal) => streamOver(wide, command, signal),
    watch: (paths, signal) => watchOver(line, paths, signal),
    connect: (address, port, signal) => connectOver(wide, ['tcp', address, port], signal),
    connectSocket: (path, signal) => connectOver(wide, ['unix', path], signal),
    arrivedAt: (signal) => arrivalOver(line, signal),
    lock: (path, content) => lockOver(line, path, content),
  }
}
