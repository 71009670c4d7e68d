import type { Desired } from '../api/snapshot.ts'
import { createEventTeller } from '../daemon/telling/eventTeller.ts'
import type { Scene } from '../daemon/telling/scene.ts'
import type { Judgement } from '../planner/rails.ts'
import { millisecondsBetween } from '../reconciler/clock.ts'
import { type Logger, silentLogger } from '../reconciler/logger.ts'
import type { Outcome } from '../reconciler/outcome.ts'
import type { ProgressEvent } from '../reconciler/progress.ts'
import type { Station } from './station.ts'
import type { World } from './world.ts'

/** What `--once` does, kept for `reconcile events` as a daemon's doings are. */
export interface RunEvents {
  held(judgement: Extract<Judgement, { readonly kind: 'held' }>): Promise<void>
  /** Until it is disposed of. `log` takes what keeps the history from being written. */
  begin(desired: Desired, scene: () => Scene, log: Logger): BegunEvents
}

export interface BegunEvents extends AsyncDisposable {
  event(event: ProgressEvent): void
  end(outcome: Outcome): void
}

/** `station` as it was before the commit was taken: a commit that was in force already is no news. */
export function runEvents({ record, root, transport }: Station, { clock }: World): RunEvents {
  const open = (scene: () => Scene, log: Logger) => createEventTeller({ clock, log, root, scene, transport })
  return {
    async held({ commit, data, objects, reasons }) {
      await using teller = open(() => ({ cluster: record?.owner.cluster }), silentLogger)
      teller.sync({ kind: 'commitHeld', at: clock.now().toString(), commit, data, objects, reasons })
    },
    begin({ cluster, commit, objects }, scene, log) {
      const { name } = cluster.metadata
      // There is no loop to ask before it tells for the first time.
      let hasLoop = false
      const teller = open(() => ({ ...(hasLoop && scene()), cluster: name }), log)
      const began = clock.now()
      const before = record?.appliedCommit
      const isNew = commit !== before || commit === 'uncommitted'
      if (isNew) {
        const past = before === undefined ? {} : { before }
        const count = objects.size
        teller.sync({
          kind: 'commitApplied',
          at: began.toString(),
          commit,
          ...past,
          objects: count,
          warnings: [],
        })
      }
      return {
        event(event) {
          hasLoop = true
          teller.progress(event)
        },
        end(outcome) {
          if (outcome.kind !== 'healthy' || !isNew) return
          const now = clock.now()
          const durationMs = millisecondsBetween(began, now)
          teller.sync({ kind: 'commitHealthy', at: now.toString(), commit, durationMs })
        },
        [Symbol.asyncDispose]: () => teller[Symbol.asyncDispose](),
      }
    },
  }
}
