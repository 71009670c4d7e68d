import { randomBytes } from 'node:crypto'
import type { Transport, TreeEntry } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { runOrFail } from '../commands.ts'
import { endProcesses } from '../node/endProcesses.ts'
import { moveToGroup } from '../node/ownGroup.ts'
import { mountedBelow, readMountTable } from '../node/mountTable.ts'
import { readText } from '../node/node.ts'
import { allProcesses, readArgvs } from '../node/processes.ts'
import { findProgram, missingPrograms } from '../node/programs.ts'
import { unmountCommand } from '../pods/sandbox.ts'
import {
  bindMountCommand,
  checkCommand,
  deleteLinkCommand,
  linkCommand,
  ownCommand,
  probeCommand,
  serverCommand,
} from './commands.ts'
import { keyFile, namedConf, type ServerSettings, zoneFileName, zoneHead } from './config.ts'
import type { Lines } from './lines.ts'
import { zoneOf } from './lines.ts'
import type { DnsPaths } from './paths.ts'

/** The DNS server of a root, as its node has it. */
export interface DnsServer {
  readonly transport: Transport
  readonly paths: DnsPaths
}

export const REASON = 'DnsNotReady'

/** Program to Debian package. */
const PROGRAMS = [
  ['named', 'bind9'],
  ['rndc', 'bind9-utils'],
  ['nsupdate', 'bind9-dnsutils'],
  ['dig', 'bind9-dnsutils'],
] as const

async function requirePrograms(transport: Transport): Promise<void> {
  const found = await Promise.all(PROGRAMS.map(async ([name]) => await findProgram(transport, name)))
  const missing = PROGRAMS.filter((_, index) => found[index] === undefined)
  if (missing.length > 0) throw missingPrograms(missing)
}

/** The server's process, by its configuration's path, which no other has; undefined: it does not run. */
export async function findServer({ paths, transport }: DnsServer): Promise<number | undefined> {
  const noted = Number(await readText(transport, paths.pidFile))
  if (noted > 0 && (await runs(transport, [noted], paths)).length > 0) return noted
  // Somebody has deleted its files, and it has been answering all the same.
  if ((await transport.stat(`/sys/class/net/${paths.link}`)) === undefined) return undefined
  return (await runs(transport, await allProcesses(transport), paths))[0]
}

async function runs(
  transport: Transport,
  pids: readonly number[],
  { config }: DnsPaths,
): Promise<readonly number[]> {
  const argvs = await readArgvs(transport, pids)
  return pids.filter((pid) => argvs.get(pid)?.includes(config))
}

/** False: it did not run. */
export async function endServer(server: DnsServer, signal?: AbortSignal): Promise<boolean> {
  const { paths, transport } = server
  const pid = await findServer(server)
  if (pid === undefined) return false
  const left = async (pids: readonly number[]) => await runs(transport, pids, paths)
  await endProcesses(transport, { what: 'the DNS server', reason: REASON, pids: [pid], left }, signal)
  return true
}

/** From nothing, whatever was there: its files, its addresses, and the process in its group. Resolves once it answers. */
export async function startServer(
  server: DnsServer,
  settings: ServerSettings,
  domain: string,
  lines: Lines,
  signal?: AbortSignal,
): Promise<void> {
  const { paths, transport } = server
  await requirePrograms(transport)
  await endServer(server, signal)
  await removeLink(server, signal)
  await unmount(server, signal)
  await transport.remove(paths.directory)
  await transport.makeDirectory(paths.directory, 0o750)
  await transport.makeDirectory(paths.folder, 0o755)
  await step(server, bindMountCommand(paths), `mounting ${paths.folder}`, signal)
  const key = file('key', keyFile(randomBytes(32).toString('base64')))
  await writeFiles(server, [key, ...configuration(settings, paths, domain, lines)], signal)
  await ensureLink(server, settings.addresses, signal)
  await requireFree(server, settings.addresses, domain, signal)
  await step(server, serverCommand(paths), 'starting the DNS server', signal)
  await joinGroup(server)
  await requireAnswer(server, settings.addresses, domain, signal)
}

export function configuration(
  settings: ServerSettings,
  paths: DnsPaths,
  domain: string,
  lines: Lines,
): readonly TreeEntry[] {
  const { addresses, zones } = settings
  const byZone = Map.groupBy(lines, ([name]) => zoneOf(name, zones))
  const texts = zones.map((zone) => {
    const records = (byZone.get(zone) ?? []).flatMap(([name, those]) =>
      those.map((line) => `${name}. ${line}`),
    )
    return file(zoneFileName(zone), `${[...zoneHead(zone, domain, addresses), ...records].join('\n')}\n`)
  })
  return [file('named.conf', namedConf(settings, paths)), ...texts]
}

export async function writeFiles(
  server: DnsServer,
  entries: readonly TreeEntry[],
  signal?: AbortSignal,
): Promise<void> {
  const { paths, transport } = server
  await transport.writeTree(paths.folder, entries)
  await step(server, ownCommand(paths), `giving ${paths.folder} to the DNS server's user`, signal)
}

function file(path: string, content: string): TreeEntry {
  return { path, mode: 0o640, what: { kind: 'file', content } }
}

export async function ensureLink(
  server: DnsServer,
  addresses: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const { paths, transport } = server
  const isThere = (await transport.stat(`/sys/class/net/${paths.link}`)) !== undefined
  const doing = `giving this machine the DNS server's addresses ${addresses.join(', ')}`
  await step(server, linkCommand(paths, addresses, isThere), doing, signal)
}

/** Out of the engine's own group, with which systemd would end it. */
export async function joinGroup(server: DnsServer): Promise<void> {
  const { paths, transport } = server
  const pid = await findServer(server)
  if (pid === undefined) return
  await moveToGroup(transport, paths.cgroup, pid)
}

/** Servers may share a port, and then each gets some of the questions. */
async function requireFree(
  { transport }: DnsServer,
  addresses: readonly string[],
  domain: string,
  signal?: AbortSignal,
): Promise<void> {
  for (const address of addresses) {
    const { exitCode } = await transport.run(probeCommand(address, domain), signal)
    if (exitCode !== 0) continue
    throw new RuntimeFailure(
      REASON,
      `another DNS server answers at ${address} already: have it listen at its own addresses instead of all, or choose another serviceCIDR`,
    )
  }
}

async function requireAnswer(
  { paths, transport }: DnsServer,
  addresses: readonly string[],
  domain: string,
  signal?: AbortSignal,
): Promise<void> {
  for (const address of addresses) {
    const { stdout } = await transport.run(checkCommand(paths, address, domain), signal)
    if (stdout.includes(domain)) continue
    const log = (await readText(transport, paths.log)).trim().split('\n').slice(-LOG_LINES).join('; ')
    throw new RuntimeFailure(REASON, `the DNS server was started and does not answer at ${address}: ${log}`)
  }
}

const LOG_LINES = 5

async function unmount({ paths, transport }: DnsServer, signal?: AbortSignal): Promise<boolean> {
  const table = await readMountTable(transport)
  const mounted = mountedBelow(table, paths.folder)
  if (mounted.length > 0)
    await step({ paths, transport }, unmountCommand(mounted), `unmounting ${paths.folder}`, signal)
  return mounted.length > 0
}

async function removeLink(server: DnsServer, signal?: AbortSignal): Promise<boolean> {
  const { paths, transport } = server
  if ((await transport.stat(`/sys/class/net/${paths.link}`)) === undefined) return false
  await step(server, deleteLinkCommand(paths), `deleting link ${paths.link}`, signal)
  return true
}

/** For `reconcile down`. False: there was nothing. */
export async function removeServer(server: DnsServer, signal?: AbortSignal): Promise<boolean> {
  const did = [
    await endServer(server, signal),
    await removeLink(server, signal),
    await unmount(server, signal),
  ]
  await server.transport.removeEmpty([server.paths.folder])
  return did.includes(true)
}

export async function step(
  { transport }: DnsServer,
  command: Parameters<Transport['run']>[0],
  doing: string,
  signal?: AbortSignal,
): Promise<string> {
  return (await runOrFail(transport, command, { reason: REASON, doing }, signal)).stdout
}
