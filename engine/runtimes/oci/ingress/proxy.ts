import type { Transport, TreeEntry } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { commandFailure, runCommand } from '../commands.ts'
import { readText } from '../node/node.ts'
import { endProcesses } from '../node/endProcesses.ts'
import { moveToGroup } from '../node/ownGroup.ts'
import { allProcesses, readArgvs } from '../node/processes.ts'
import { findProgram, missingPrograms } from '../node/programs.ts'
import { checkCommand, startCommand } from './commands.ts'
import type { Generation } from './config.ts'
import type { IngressPaths } from './paths.ts'
import { SIGUSR1 } from '../containers/signals.ts'

/** The Ingress proxy of a root, as its node has it. */
export interface Proxy {
  readonly transport: Transport
  readonly paths: IngressPaths
}

export const REASON = 'IngressNotReady'

export interface RunningProxy {
  readonly pid: number
  /** Of its configuration; undefined: nobody knows. */
  readonly generation: string | undefined
}

/** What takes new connections; undefined: nobody does. */
export async function findProxy(proxy: Proxy): Promise<RunningProxy | undefined> {
  const { paths, transport } = proxy
  const noted = Number(await readText(transport, paths.pidFile))
  if (!(noted > 0)) return undefined
  const [found] = await running(proxy, [noted])
  return found
}

/** Those that wait for their last connections to end, too. */
export async function allProxies(proxy: Proxy): Promise<readonly RunningProxy[]> {
  return await running(proxy, await allProcesses(proxy.transport))
}

/** By the path of their configuration, which no other process names. */
async function running(
  { paths, transport }: Proxy,
  pids: readonly number[],
): Promise<readonly RunningProxy[]> {
  const argvs = await readArgvs(transport, pids)
  return pids.flatMap((pid) => {
    const words = argvs.get(pid) ?? []
    const config = words[words.indexOf('-f') + 1] ?? ''
    if (words[0] !== 'haproxy' || !config.startsWith(`${paths.generations}/`)) return []
    return [{ pid, generation: config.slice(paths.generations.length + 1).split('/')[0] }]
  })
}

/** Made, and refused with the proxy's own words when it would not take it: what runs is not touched. */
export async function makeGeneration(
  proxy: Proxy,
  { files, paths, text }: Generation,
  signal?: AbortSignal,
): Promise<void> {
  const { transport } = proxy
  const [program] = await Promise.all([findProgram(transport, 'haproxy')])
  if (program === undefined) throw missingPrograms([['haproxy', 'haproxy']])
  await transport.makeDirectory(proxy.paths.directory, 0o700)
  await transport.makeDirectory(proxy.paths.generations, 0o700)
  await transport.makeDirectory(paths.folder, 0o700)
  const config: TreeEntry = { path: 'haproxy.cfg', mode: 0o600, what: { kind: 'file', content: text } }
  await transport.writeTree(paths.folder, [...files, config], signal)
  await checkConfig(proxy, paths.config, signal)
}

export async function checkConfig({ transport }: Proxy, config: string, signal?: AbortSignal): Promise<void> {
  const failing = { reason: 'IngressRefused', doing: 'checking the configuration of the Ingress proxy' }
  const command = checkCommand(config)
  const result = await runCommand(transport, command, failing, signal)
  if (result.exitCode !== 0 || result.timedOut) throw commandFailure(command, result, failing)
}

/** In the place of the one that runs, if one does: it gives its ports away and answers what it has begun. */
export async function startProxy(
  proxy: Proxy,
  { paths: { config } }: Generation,
  signal?: AbortSignal,
): Promise<void> {
  const { paths, transport } = proxy
  const before = await findProxy(proxy)
  const failing = { reason: REASON, doing: 'starting the Ingress proxy' }
  const command = startCommand(paths, config, before?.pid)
  const result = await runCommand(transport, command, failing, signal)
  if (result.exitCode !== 0 || result.timedOut)
    throw startFailure(commandFailure(command, result, failing), result.stderr)
  await joinGroup(proxy)
}

export async function joinGroup(proxy: Proxy): Promise<void> {
  const found = await findProxy(proxy)
  if (found !== undefined) await moveToGroup(proxy.transport, proxy.paths.cgroup, found.pid)
}

function startFailure(failure: RuntimeFailure, said: string): RuntimeFailure {
  const [, port] = /(?:cannot bind socket|Address already in use).*[:](\d+)\]/i.exec(said) ?? []
  if (port === undefined) return failure
  const message = `the Ingress proxy cannot listen on port ${port}: another process does (ss -Hlpn 'sport = ${port}' names it): end that process, or give the Cluster's ingress another port`
  return new RuntimeFailure('PortInUse', message, { cause: failure })
}

/** Only this generation stays. */
export async function removeOthers({ paths, transport }: Proxy, id: string): Promise<void> {
  for (const name of await transport.listDirectory(paths.generations))
    if (name !== id) await transport.remove(`${paths.generations}/${name}`)
}

/** Takes no new connections; ends when those that it has are done. */
export async function retireProxy(proxy: Proxy): Promise<void> {
  for (const { pid } of await allProxies(proxy)) await proxy.transport.signal(pid, SIGUSR1)
  await proxy.transport.remove(proxy.paths.directory)
}

/** For `reconcile down`. False: there was nothing. */
export async function removeProxy(proxy: Proxy, signal?: AbortSignal): Promise<boolean> {
  const pids = (await allProxies(proxy)).map(({ pid }) => pid)
  if (pids.length === 0) return false
  const left = async (those: readonly number[]) => (await running(proxy, those)).map(({ pid }) => pid)
  await endProcesses(proxy.transport, { what: 'the Ingress proxy', reason: REASON, pids, left }, signal)
  await proxy.transport.remove(proxy.paths.directory)
  return true
}
