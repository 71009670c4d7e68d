import { type NodeWord, recordOfWord } from '../../api/nodeWords.ts'
import type { ControlClient } from '../../daemon/controlClient.ts'
import { NODE_ROUTE } from '../../daemon/nodeRoutes.ts'
import type { Runtime } from '../../runtimes/runtime.ts'
import { findDaemon } from '../findDaemon.ts'
import type { Invocation } from '../invocation.ts'
import { lockStation, type Machine, type UsedStation } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'

/** Puts what is said of a node on record: the daemon does, where one runs; else this command, which holds the root's lock meanwhile. */
export interface Teller extends AsyncDisposable {
  readonly by: 'daemon' | 'us'
  tell(word: NodeWord): Promise<void>
}

export async function openTeller(
  station: UsedStation,
  { runtime }: Machine,
  invocation: Invocation,
  world: World,
): Promise<Teller> {
  const daemon = await findDaemon(station)
  if (daemon !== undefined) return daemonTeller(daemon)
  const lock = await lockStation(station, invocation, world)
  return {
    by: 'us',
    tell: async (word) => await write(word, station, runtime, world),
    [Symbol.asyncDispose]: async () => await lock[Symbol.asyncDispose](),
  }
}

function daemonTeller(daemon: ControlClient): Teller {
  return {
    by: 'daemon',
    async tell(word) {
      const answer = await daemon.ask('POST', NODE_ROUTE, word)
      if (typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'done') return
      throw new UserError(`telling the engine of node ${word.node}: it answered ${JSON.stringify(answer)}`, {
        exitStatus: EXIT.failed,
      })
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** Also after an interruption: what is given up must be on record. */
async function write(
  word: NodeWord,
  { record }: UsedStation,
  runtime: Runtime,
  { clock }: World,
): Promise<void> {
  const at = clock.now().toString({ smallestUnit: 'millisecond' })
  const commit = record.appliedCommit ?? 'uncommitted'
  const written = recordOfWord({ word, commit, at }, await runtime.readObjectRecords())
  await runtime.writeObjectRecord(written)
}
