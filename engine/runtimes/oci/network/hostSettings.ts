import type { Transport } from '../../../transport/transport.ts'
import { runCommand } from '../commands.ts'
import { readText } from '../node/node.ts'
import { findProgram } from '../node/programs.ts'
import { oneByOne } from '../oneByOne.ts'
import type { RootPaths } from '../paths.ts'

/** A file below /proc/sys, and what is to stand in it. */
export type Settings = Readonly<Record<string, string>>

/** The pods' packets are passed on. */
export const FORWARDING: Settings = { 'net/ipv4/ip_forward': '1' }
/** CNI's bridge plugin sets it as well, once a pod has an address of IPv6: here it is written down how it was. */
export const FORWARDING6: Settings = { 'net/ipv6/conf/all/forwarding': '1' }

/** Without it a Service's address does not work between two pods of one bridge: their packets never pass netfilter. */
export const FILTER_BRIDGED: Settings = { 'net/bridge/bridge-nf-call-iptables': '1' }
export const FILTER_BRIDGED6: Settings = { 'net/bridge/bridge-nf-call-ip6tables': '1' }

/** Those that are otherwise than wanted. What the kernel does not have is left out. */
export async function unset(transport: Transport, settings: Settings): Promise<readonly string[]> {
  const names = Object.keys(settings)
  const values = await transport.readFiles(names.map((name) => `/proc/sys/${name}`))
  return names.filter((name) => {
    const value = values.get(`/proc/sys/${name}`)
    return value !== undefined && value.trim() !== settings[name]
  })
}

/** What is otherwise is written down first, so that the last root that leaves the host can put it back. */
export async function changeSettings(
  transport: Transport,
  { host }: Pick<RootPaths, 'host'>,
  settings: Settings,
): Promise<void> {
  await oneByOne(transport, host, async () => {
    for (const name of await unset(transport, settings)) {
      const record = recordOf(host, name)
      if ((await transport.stat(record)) === undefined) {
        await transport.makeDirectory(host, 0o700)
        await transport.writeFile(record, await readText(transport, `/proc/sys/${name}`), 0o600)
      }
      await write(transport, name, `${settings[name] ?? ''}\n`)
    }
  })
}

/** As they were before the first root came; what was put back, for people. What somebody has changed since is theirs. */
export async function putBackSettings(
  transport: Transport,
  { host }: Pick<RootPaths, 'host'>,
): Promise<readonly string[]> {
  const names = (await transport.listDirectory(host)).filter((name) => name.startsWith(PREFIX))
  const done: string[] = []
  for (const file of names) {
    const name = file.slice(PREFIX.length).replaceAll(':', '/')
    const before = await readText(transport, `${host}/${file}`)
    if ((await readText(transport, `/proc/sys/${name}`)) !== before) {
      await write(transport, name, before)
      done.push(`${name.replaceAll('/', '.')} is ${before.trim()} again`)
    }
    await transport.remove(`${host}/${file}`)
  }
  await unloadBridgeFilter(transport, host)
  return done
}

const MODULE = 'br_netfilter'
const LOADED = 'loaded:'

/**
 * Has the kernel's module loaded that shows bridged packets to netfilter, where it is not: without it the setting above is not there. False: it
 * cannot be had.
 */
export async function loadBridgeFilter(
  transport: Transport,
  { host }: Pick<RootPaths, 'host'>,
): Promise<boolean> {
  const setting = `/proc/sys/${Object.keys(FILTER_BRIDGED)[0] ?? ''}`
  if ((await transport.stat(setting)) !== undefined) return true
  const modprobe = await findProgram(transport, 'modprobe')
  if (modprobe === undefined) return false
  await transport.makeDirectory(host, 0o700)
  await transport.writeFile(`${host}/${LOADED}${MODULE}`, '', 0o600)
  const failing = { reason: 'NetworkNotReady', doing: `loading the kernel's module ${MODULE}` }
  await runCommand(transport, { argv: [modprobe, MODULE] }, failing)
  return (await transport.stat(setting)) !== undefined
}

/** Unless somebody else uses it. */
async function unloadBridgeFilter(transport: Transport, host: string): Promise<void> {
  const record = `${host}/${LOADED}${MODULE}`
  if ((await transport.stat(record)) === undefined) return
  const failing = { reason: 'RemoveFailed', doing: `unloading the kernel's module ${MODULE}` }
  await runCommand(transport, { argv: ['modprobe', '--remove', MODULE] }, failing)
  await transport.remove(record)
}

const PREFIX = 'sysctl:'

function recordOf(host: string, name: string): string {
  return `${host}/${PREFIX}${name.replaceAll('/', ':')}`
}

async function write(transport: Transport, name: string, content: string): Promise<void> {
  const at = name.lastIndexOf('/')
  const entry = { path: name.slice(at + 1), mode: 0o644, what: { kind: 'file', content } } as const
  await transport.writeTree(`/proc/sys/${name.slice(0, at)}`, [entry])
}
