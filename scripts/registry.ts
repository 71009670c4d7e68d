#!/usr/bin/env node
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startServer, stopServer } from './registry/server.ts'

const USAGE = `usage: registry.ts start|stop [--port N] [--dir DIR]

A container registry on loopback, plain http (Debian's docker-registry). Starting a running one, or stopping a stopped
one, does nothing. It prints its URL.

  --port N    5000 when absent
  --dir DIR   its images, configuration, log and pid; /var/lib/reconcile-registry when absent`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '5000' },
      dir: { type: 'string', default: '/var/lib/reconcile-registry' },
    },
  })
  const port = Number(values.port)
  const directory = resolve(values.dir)
  const [verb, ...rest] = positionals
  if (rest.length > 0 || !Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(USAGE)
  if (verb === 'start') console.log((await startServer({ directory, port })).url)
  else if (verb === 'stop') await stopServer(directory)
  else throw new Error(USAGE)
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
