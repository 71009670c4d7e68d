import type { OciNode } from '../ociNode.ts'
import type { Repair } from '../upkeep/repair.ts'
import { changeSettings, type Settings } from './hostSettings.ts'
import { type RouteParts, routeServices } from './serviceRoute.ts'
import type { ServiceTable } from './serviceTable.ts'
import type { InTurn } from './turns.ts'

export function settingsRepair(
  { paths, transport }: Pick<OciNode, 'paths' | 'transport'>,
  changed: readonly string[],
  settings: Settings,
): Repair {
  const names = changed.map((name) => name.replaceAll('/', '.')).join(' and ')
  return {
    found: `${names} of the kernel is not as pods need it`,
    mend: async () => {
      await changeSettings(transport, paths, settings)
      return 'it was set again'
    },
  }
}

export function routeRepair(parts: RouteParts, lost: readonly string[], inTurn: InTurn): Repair {
  return {
    found: `the route to ${lost.join(' and ')} is gone`,
    mend: async (_, signal) => {
      await inTurn(async () => await routeServices(parts, lost, signal))
      return 'it was made again'
    },
  }
}

export function tableRepair(name: string, table: ServiceTable, inTurn: InTurn): Repair {
  return {
    found: `nftables tables ${name} were changed by somebody`,
    mend: async (_, signal) => {
      await inTurn(async () => await table.reload(signal))
      return 'they were loaded again'
    },
  }
}
