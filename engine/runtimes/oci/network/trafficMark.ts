import type { Transport } from '../../../transport/transport.ts'
import { isObject, parseJson } from '../json.ts'
import { readText } from '../node/node.ts'
import type { RootPaths } from '../paths.ts'

/** What was made on the node for Services: also what an engine before has made, or had begun to. */
export interface TrafficMark {
  /** Routed to the bridge. */
  readonly ranges: readonly string[]
}

export async function readMark(
  transport: Transport,
  { traffic }: Pick<RootPaths, 'traffic'>,
): Promise<TrafficMark | undefined> {
  const value = parseJson(await readText(transport, traffic))
  if (!isObject(value) || !Array.isArray(value['ranges'])) return undefined
  return { ranges: value['ranges'].map(String) }
}

/** With all that was marked before: a range that was left is not forgotten before its route is gone. */
export async function writeMark(
  transport: Transport,
  paths: Pick<RootPaths, 'traffic'>,
  mark: TrafficMark,
): Promise<void> {
  const before = await readMark(transport, paths)
  const ranges = [...new Set([...(before?.ranges ?? []), ...mark.ranges])].toSorted()
  await transport.writeFile(paths.traffic, JSON.stringify({ ranges }), 0o600)
}
