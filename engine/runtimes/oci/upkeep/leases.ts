import { canonicalIp } from '../../../api/ipRanges.ts'
import { podUid } from '../../../api/names.ts'
import { podPaths } from '../paths.ts'
import { leaseHolder } from '../pods/nodeState.ts'
import { addressesOf } from '../pods/sandbox.ts'
import type { Looking, Repair } from './repair.ts'
import { allSandboxes } from './sandboxes.ts'

/**
 * Addresses that are booked for nobody, or for a pod that has another one: they would never be given out again. What is booked while a pod is
 * attached looks the same for a moment, so a lease has to be found twice.
 */
export function createLeaseWatch(): (looking: Looking) => Promise<readonly Repair[]> {
  let before: ReadonlySet<string> = new Set()
  return async (looking) => {
    const now = await strayLeases(looking)
    const found = [...now].filter(([address]) => before.has(address))
    before = new Set(now.keys())
    return found.map(([address, holder]) => leaseRepair(looking, address, holder))
  }
}

async function strayLeases(looking: Looking): Promise<ReadonlyMap<string, string>> {
  const { paths, transport } = looking
  const files = await transport.readTree(paths.leases, { depth: 1 })
  const sandboxes = await allSandboxes(looking)
  const stray = new Map<string, string>()
  for (const { content = '', path: address } of files) {
    if (canonicalIp(address) === undefined) continue
    const holder = leaseHolder(content)
    const sandbox = sandboxes.get(podUid(holder))
    const own = addressesOf(sandbox ?? {})
    const hasOther = own.length > 0 && !own.includes(address)
    const known = sandbox !== undefined || (await transport.stat(podPaths(paths, podUid(holder)).directory))
    if (hasOther || known === undefined) stray.set(address, holder)
  }
  return stray
}

function leaseRepair({ paths, transport }: Looking, address: string, holder: string): Repair {
  const mend = async (): Promise<string> => {
    await transport.remove(`${paths.leases}/${address}`)
    return 'it can be given out again'
  }
  return { found: `address ${address} is booked for ${holder}, which does not have it`, mend }
}
