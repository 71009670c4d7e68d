import type { Family, Frontend, TrafficProblem } from '../../../api/traffic.ts'
import type { Changes } from '../../../proxy/ruleset.ts'
import type { Transport } from '../../../transport/transport.ts'
import { runCommand } from '../commands.ts'
import { gathered } from '../gathered.ts'
import {
  deleteAnsweredCommand,
  deleteFlowsCommand,
  deleteHalfOpenCommand,
  type FollowedProtocol,
  type Leading,
  leftOfTcp,
  listFlowsCommand,
  parseFlows,
  staleFlows,
} from './conntrack.ts'
import { keyOfFrontend, type TableChange } from './serviceTable.ts'

export interface FlowKeeper {
  /**
   * After the kernel was told: what of udp goes on to an endpoint that has left is ended, and what of tcp waits for its first answer, so that the
   * next packet finds another. The first time also where an engine before had led it, to Services of these ranges that are gone, too. What fails is
   * made up for the next time.
   */
  follow(change: TableChange, serviceRanges: readonly string[], signal?: AbortSignal): Promise<void>
  /** Which of these Services are not wholly served, for the lack of the program. */
  lacks(frontends: readonly Frontend[]): readonly TrafficProblem[]
  /** Whatever this address answered: its pod is gone. */
  end(address: string): Promise<void>
}

const FAILING = { reason: 'NetworkNotReady', doing: 'ending connections to pods that are gone' }
const FAMILIES: readonly Family[] = ['ip', 'ip6']
const NOTHING: Changes = { gone: [], come: [] }

export function createFlowKeeper(
  transport: Transport,
  program: string | undefined,
  own: ReadonlySet<string>,
): FlowKeeper {
  const end = gathered<string, undefined>(async (addresses) => {
    if (program !== undefined) await runCommand(transport, deleteAnsweredCommand(program, addresses), FAILING)
    return new Map<string, undefined>()
  })
  let isFirst = true
  let unfollowed = NOTHING
  return {
    follow: async ({ come, gone, now }, serviceRanges, signal) => {
      if (program === undefined) return
      unfollowed = { gone: [...unfollowed.gone, ...gone], come: [...unfollowed.come, ...come] }
      const keeping = { transport, program, signal }
      const left = leftOfTcp(unfollowed.gone, now)
      if (left.length > 0) await runCommand(transport, deleteHalfOpenCommand(program, left), FAILING, signal)
      const ofUdp = [...unfollowed.gone, ...unfollowed.come].filter(({ protocol }) => protocol === 'udp')
      const leading = {
        now,
        own,
        gone: new Set(unfollowed.gone.map(keyOfFrontend)),
        ranges: isFirst ? serviceRanges : [],
      }
      for (const family of isFirst ? FAMILIES : new Set(ofUdp.map((one) => one.family)))
        await endStale(keeping, 'udp', family, leading)
      if (isFirst) for (const family of FAMILIES) await endStale(keeping, 'tcp', family, leading)
      isFirst = false
      unfollowed = NOTHING
    },
    lacks: (frontends) => (program === undefined ? missing(frontends) : []),
    end: async (address) => {
      await end(address)
    },
  }
}

interface Keeping {
  readonly transport: Transport
  readonly program: string
  readonly signal: AbortSignal | undefined
}

async function endStale(
  { program, signal, transport }: Keeping,
  protocol: FollowedProtocol,
  family: Family,
  leading: Leading,
): Promise<void> {
  const list = listFlowsCommand(program, family, protocol)
  const { stdout } = await runCommand(transport, list, FAILING, signal)
  const stale = staleFlows(parseFlows(stdout), protocol, leading)
  if (stale.length === 0) return
  await runCommand(transport, deleteFlowsCommand(program, family, protocol, stale), FAILING, signal)
}

function missing(frontends: readonly Frontend[]): readonly TrafficProblem[] {
  const services = new Set(
    frontends.filter(({ protocol }) => protocol === 'udp').map(({ service }) => service),
  )
  const message =
    'udp clients of a pod that has left go on sending to it: conntrack is missing on this node; on Debian: apt-get install conntrack'
  return [...services].map((service) => ({ service, reason: 'ConntrackMissing', message }))
}
