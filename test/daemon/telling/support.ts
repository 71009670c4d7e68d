import type { Desired } from '../../../engine/api/snapshot.ts'
import { EventHistory } from '../../../engine/daemon/events/eventHistory.ts'
import { createTeller, type Teller } from '../../../engine/daemon/telling/teller.ts'
import type { LoopState } from '../../../engine/reconciler/loop.ts'
import {
  type Engine,
  type EngineOptions,
  type LogEntry,
  startEngine,
  type World,
} from '../../simulation/loop/engine.ts'

export interface Told {
  readonly teller: Teller
  readonly lines: LogEntry[]
  readonly history: EventHistory
  /** `level message` of the lines that the log of a daemon has. */
  texts(): readonly string[]
  /** `type reason kind/name (count) message` */
  events(now: Temporal.Instant): readonly string[]
}

export function telling(
  scene: () => Pick<LoopState, 'plan' | 'snapshot'> = () => ({}),
  history = new EventHistory(),
): Told {
  const lines: LogEntry[] = []
  const teller = createTeller({
    log: (level, message, fields = {}) => lines.push({ level, message, fields }),
    events: { add: (happening) => history.add(happening) !== undefined },
    scene,
  })
  return {
    teller,
    lines,
    history,
    texts: () =>
      lines.filter(({ level }) => level !== 'debug').map(({ level, message }) => `${level} ${message}`),
    events: (now) =>
      history
        .all(now)
        .map(
          ({ count, involvedObject: { kind, name }, message, reason, type }) =>
            `${type} ${reason} ${kind}/${name} (${count}) ${message}`,
        ),
  }
}

/** A loop on a machine in memory, and all that is told of it. */
export function toldEngine(
  world: World,
  desired: Desired,
  options: EngineOptions & { readonly history?: EventHistory } = {},
): Told & { readonly engine: Engine } {
  const state: { engine?: Engine } = {}
  const told = telling(() => state.engine?.loop.state() ?? {}, options.history)
  const engine = startEngine(world, desired, {
    ...options,
    onProgress: (event) => told.teller.progress(event),
  })
  state.engine = engine
  return { ...told, engine }
}
