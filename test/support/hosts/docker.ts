import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dockerdArgs, listening } from '../dockerd.ts'
import type { Host } from './hosts.ts'

/** docker's daemon on a host, at its usual socket, which asks any registry without TLS; it ends with the host. */
export async function startDockerOn(host: Host): Promise<void> {
  const folder = join(host.folder, 'docker')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'daemon.json'), JSON.stringify({ 'insecure-registries': ['0.0.0.0/0'] }))
  const place = { folder, run: '/run/docker', socket: '/run/docker.sock' }
  const args = ['--all', '--target', String(host.pid), '--', 'dockerd', ...dockerdArgs(place)]
  await listening(spawn('nsenter', args, { stdio: ['ignore', 'ignore', 'pipe'] }))
}
