import { type NodeWord, recordOfWord } from '../../api/nodeWords.ts'
import type { ControlClient } from '../../daemon/controlClient.ts'
import { NODE_ROUTE } from '../../daemon/nodeRoutes.ts'
import { createEventTeller } from '../../daemon/telling/eventTeller.ts'
import type { Scene } from '../../daemon/telling/scene.ts'
import { silentLogger } from '../../reconciler/logger.ts'
import type { ProgressEvent } from '../../reconciler/progress.ts'
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
  /** What comes of it, for `reconcile events`: a daemon keeps that by itself. */
  happened(event: ProgressEvent, scene: Scene): void
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
  const { record, root, transport } = station
  let now: Scene = { cluster: record.owner.cluster }
  const events = createEventTeller({
    clock: world.clock,
    log: silentLogger,
    root,
    scene: () => now,
    transport,
  })
  return {
    by: 'us',
    tell: async (word) => events.progress(await write(word, station, runtime, world)),
    happened(event, scene) {
      now = scene
      events.progress(event)
    },
    async [Symbol.asyncDispose]() {
      await events[Symbol.asyncDispose]()
      await lock[Symbol.asyncDispose]()
    },
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
    happened: () => undefined,
    async [Symbol.asyncDispose]() {},
  }
}

/** Also after an interruption: what is given up must be on record. */
async function write(
  word: NodeWord,
  { record }: UsedStation,
  runtime: Runtime,
  { clock }: World,
): Promise<ProgressEvent> {
  const at = clock.now().toString({ smallestUnit: 'millisecond' })
  const commit = record.appliedCommit ?? 'uncommitted'
  const records = await runtime.readObjectRecords()
  const written = recordOfWord({ word, commit, at }, records)
  await runtime.writeObjectRecord(written)
  const before = records.get(written.key)
  return { kind: 'recordChanged', at, object: written.key, record: written, ...(before && { before }) }
}
