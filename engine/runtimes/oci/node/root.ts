import { type IpRange, ipRanges, overlap, rangeText } from '../../../api/ipRanges.ts'
import type { RootRecord } from '../../../api/records.ts'
import { RECORD_VERSION } from '../../../api/records.ts'
import { type Lock, type Transport, TransportError } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { freeRange, isEverywhere, parseRoutes, type Route, routesCommand } from '../network/routes.ts'
import { runOrFail } from '../commands.ts'
import { rootPaths } from '../paths.ts'
import { isObject, parseJson } from '../json.ts'

/** Undefined: nobody's root yet. Rejects when there is a root.json that this engine cannot read. */
export async function readRoot(transport: Transport, root: string): Promise<RootRecord | undefined> {
  const { rootFile } = await rootPaths(transport, root)
  const content = await transport.readFile(rootFile)
  if (content === undefined) return undefined
  return parseRootRecord(new TextDecoder().decode(content), rootFile)
}

export async function writeRoot(transport: Transport, root: string, record: RootRecord): Promise<void> {
  const { rootFile, root: directory } = await rootPaths(transport, root)
  await transport.makeDirectory(directory, 0o700)
  await transport.writeFile(rootFile, `${JSON.stringify(record, undefined, 2)}\n`, 0o600)
}

/** The one engine that drives this root. Undefined: another one does, and `holder` of the rejection names it. */
export async function lockRoot(
  transport: Transport,
  root: string,
  holder: string,
): Promise<
  { readonly kind: 'locked'; readonly lock: Lock } | { readonly kind: 'held'; readonly by: string }
> {
  const paths = await rootPaths(transport, root)
  await transport.makeDirectory(paths.root, 0o700)
  const lock = await transport.lock(paths.lockFile, holder)
  if (lock !== undefined) return { kind: 'locked', lock }
  const content = await transport.readFile(paths.lockFile)
  return { kind: 'held', by: content === undefined ? '' : new TextDecoder().decode(content).trim() }
}

export async function rootIdOf(transport: Transport, root: string): Promise<string> {
  return (await rootPaths(transport, root)).rootId
}

function parseRootRecord(text: string, file: string): RootRecord {
  const value = parseJson(text)
  if (!isObject(value)) {
    throw new RuntimeFailure(
      'InvalidRoot',
      `reading ${file}: it is damaged; restore it, or take another --root`,
      {
        certain: true,
      },
    )
  }
  if (value['recordVersion'] !== RECORD_VERSION) {
    const version = JSON.stringify(value['recordVersion'])
    throw new RuntimeFailure(
      'InvalidRoot',
      `reading ${file}: its version ${version} is not known to this engine; use the engine that wrote it`,
      { certain: true },
    )
  }
  return value as unknown as RootRecord
}

/** A machine whose routes count. */
export interface Place {
  readonly transport: Transport
  /** Absent: the one that the engine runs on. */
  readonly node?: string
}

/**
 * The range for pods' addresses, or one of each family with a comma between them: the configured ones, or the first /16 from 10.244 up that no
 * machine has a route into. Rejects when a configured one overlaps with a route that is not our own bridge's; the message proposes a free one.
 * A machine that cannot be asked is left out: it is asked when it is reached. `before`: ranges that this root has by now, whose routes are its own.
 */
export async function choosePodCidr(
  places: readonly Place[],
  root: string,
  configured: string | undefined,
  before = '',
): Promise<string> {
  const wanted = configured === undefined ? [] : ipRanges(configured)
  const families = new Set(['IPv4' as const, ...wanted.map(({ family }) => family)])
  const told = places.map(async (place) => await routesOf(place, root, [...families]))
  const taken = (await Promise.all(told)).flat()
  if (configured === undefined) return freePodRange(taken)
  const own = new Set(ipRanges(before).map(rangeText))
  for (const range of wanted) if (!own.has(rangeText(range))) refuseTaken(range, taken)
  if (wanted[0]?.family === 'IPv4') return wanted.map(rangeText).join(',')
  throw certain(`podCIDR ${JSON.stringify(configured)} does not begin with a range of IPv4`)
}

async function routesOf(
  { node, transport }: Place,
  root: string,
  families: readonly IpRange['family'][],
): Promise<readonly Route[]> {
  try {
    const { bridge } = await rootPaths(transport, root)
    const failing = { reason: 'NetworkNotReady', doing: "reading the node's routes" }
    const told = families.map(async (family) => await runOrFail(transport, routesCommand(family), failing))
    const routes = (await Promise.all(told)).flatMap(({ stdout }) => parseRoutes(stdout))
    return routes
      .filter((route) => route.device !== bridge && !isEverywhere(route))
      .map((route) => (node === undefined ? route : { ...route, device: `${route.device} of node ${node}` }))
  } catch (error) {
    if (node === undefined || !(error instanceof TransportError)) throw error
    return []
  }
}

function refuseTaken(wanted: IpRange, taken: readonly Route[]): void {
  const other = taken.find(({ range }) => overlap(range, wanted))
  if (other === undefined) return
  const advice = wanted.family === 'IPv4' ? `${freePodRange(taken)} is free: set it` : 'set another one'
  throw certain(
    `podCIDR ${wanted.text} overlaps with ${rangeText(other.range)} on ${other.device}; ${advice} as podCIDR in the Cluster`,
  )
}

function freePodRange(taken: readonly Route[]): string {
  const free = freeRange(244, 16, taken)
  if (free !== undefined) return free
  throw certain('no /16 below 10.0.0.0/8 is free: set podCIDR in the Cluster')
}

function certain(message: string): RuntimeFailure {
  return new RuntimeFailure('NetworkNotReady', message, { certain: true })
}
