import type { Clock } from '../reconciler/clock.ts'
import { millisecondsBetween } from '../reconciler/clock.ts'
import type { FetchProgress } from '../source/source.ts'
import { createPicture } from './picture.ts'
import type { World } from './world.ts'

/** Where nothing can be drawn anew: a line for whoever reads the log of a fetch that takes long, and none for the others. */
const LINE_EVERY_MS = 5_000

export interface FetchReport {
  tell(progress: FetchProgress): void
  /** Leaves nothing on a terminal. */
  end(): void
}

/** Tells people on the standard error how far a fetch is. */
export function createFetchReport(
  repository: string,
  format: 'json' | 'text',
  { stderr, clock }: Pick<World, 'stderr' | 'clock'>,
): FetchReport {
  const text = ({ stage, percent }: FetchProgress): string => `fetching ${repository}: ${stage} ${percent} %`
  if (format === 'text' && stderr.isTTY) {
    const picture = createPicture(stderr)
    return { tell: (progress) => picture.draw([text(progress)]), end: () => picture.clear() }
  }
  const isDue = every(LINE_EVERY_MS, clock)
  return {
    tell(progress) {
      if (!isDue()) return
      const message = text(progress)
      const time = clock.now().toString()
      stderr.write(
        `${format === 'json' ? JSON.stringify({ time, level: 'info', message, event: 'fetching' }) : message}\n`,
      )
    },
    end: () => undefined,
  }
}

function every(intervalMs: number, clock: Clock): () => boolean {
  let last = clock.now()
  return () => {
    const now = clock.now()
    if (millisecondsBetween(last, now) < intervalMs) return false
    last = now
    return true
  }
}
