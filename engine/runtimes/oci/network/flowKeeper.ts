import type { Frontend, TrafficProblem } from '../../../api/traffic.ts'
import type { Transport } from '../../../transport/transport.ts'
import { runCommand } from '../commands.ts'
import {
  deleteAnsweredCommand,
  deleteFlowsCommand,
  deleteHalfOpenCommand,
  type FollowedProtocol,
  leftOfTcp,
  listFlowsCommand,
  parseFlows,
  staleFlows,
} from './conntrack.ts'
import { keyOfFrontend, type TableChange } from './serviceTable.ts'

export interface FlowKeeper {
  /**
   * After the kernel was told: what of udp goes on to an endpoint that has left is ended, and what of tcp waits for its first answer, so that the
   * next packet finds another; the first time also where an engine before had led it.
   */
  follow(change: TableChange, signal?: AbortSignal): Promise<void>
  /** Which of these Services are not wholly served, for the lack of the program. */
  lacks(frontends: readonly Frontend[]): readonly TrafficProblem[]
  /** Whatever this address answered: its pod is gone. */
  end(address: string): Promise<void>
}

const FAILING = { reason: 'NetworkNotReady', doing: 'ending connections to pods that are gone' }

export function createFlowKeeper(
  transport: Transport,
  program: string | undefined,
  own: ReadonlySet<string>,
): FlowKeeper {
  const ends = new Set<string>()
  let isEnding = false
  const endStale = async (
    conntrack: string,
    protocol: FollowedProtocol,
    change: TableChange,
    signal?: AbortSignal,
  ) => {
    const changed = [...change.gone, ...change.come].filter((one) => one.protocol === protocol)
    const gone = new Set(change.gone.map(keyOfFrontend))
    for (const family of new Set(changed.map((one) => one.family))) {
      const list = listFlowsCommand(conntrack, family, protocol)
      const { stdout } = await runCommand(transport, list, FAILING, signal)
      const stale = staleFlows(parseFlows(stdout), protocol, change.now, gone, own)
      if (stale.length === 0) continue
      await runCommand(transport, deleteFlowsCommand(conntrack, family, protocol, stale), FAILING, signal)
    }
  }
  return {
    follow: async (change, signal) => {
      if (program === undefined) return
      const left = leftOfTcp(change.gone, change.now)
      if (left.length > 0) await runCommand(transport, deleteHalfOpenCommand(program, left), FAILING, signal)
      await endStale(program, 'udp', change, signal)
      if (change.isFirst) await endStale(program, 'tcp', change, signal)
    },
    lacks: (frontends) => (program === undefined ? missing(frontends) : []),
    end: async (address) => {
      if (program === undefined) return
      ends.add(address)
      // Those that come meanwhile go together, by one process.
      if (isEnding) return
      isEnding = true
      try {
        while (ends.size > 0) {
          const all = [...ends]
          ends.clear()
          await runCommand(transport, deleteAnsweredCommand(program, all), FAILING)
        }
      } finally {
        isEnding = false
      }
    },
  }
}

function missing(frontends: readonly Frontend[]): readonly TrafficProblem[] {
  const services = new Set(
    frontends.filter(({ protocol }) => protocol === 'udp').map(({ service }) => service),
  )
  const message =
    'udp clients of a pod that has left go on sending to it: conntrack is missing on this node; on Debian: apt-get install conntrack'
  return [...services].map((service) => ({ service, reason: 'ConntrackMissing', message }))
}
