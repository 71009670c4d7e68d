import type { Command } from '../../../transport/transport.ts'
import type { IngressPaths } from './paths.ts'

export function checkCommand(config: string): Command {
  return { argv: ['haproxy', '-c', '-q', '-f', config] }
}

/**
 * Ends once it listens, or cannot; what listens is a process of its own, which nobody's end ends. `before`: the process that it takes the
 * ports over from, and that ends when its last connection has.
 */
export function startCommand({ pidFile, socket }: IngressPaths, config: string, before?: number): Command {
  const takeOver = before === undefined ? [] : ['-x', socket, '-sf', String(before)]
  return { argv: ['haproxy', '-D', '-q', '-f', config, '-p', pidFile, ...takeOver] }
}

/** A configuration with this certificate alone, to be checked. */
export function trialConfig(pem: string): string {
  return `defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\nfrontend trial\n  bind 127.0.0.1:1 ssl crt ${pem}\n`
}
