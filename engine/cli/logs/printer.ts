import type { LogLine } from '../../api/cri.ts'
import type { Output } from '../world.ts'
import type { LogOptions } from './options.ts'
import type { Stream } from './streams.ts'

export interface Printer extends Disposable {
  line(stream: Stream, line: LogLine): void
  /** Writes what was not written yet. */
  flush(): void
}

const GATHERED_MAX = 32 * 1024

/** Lines that come together are written together, and none waits for the next one. */
export function createPrinter(output: Output, options: Pick<LogOptions, 'prefix' | 'timestamps'>): Printer {
  let gathered = ''
  let pending: NodeJS.Immediate | undefined
  return {
    line({ prefix }, { at, text }) {
      gathered += `${options.prefix ? prefix : ''}${options.timestamps ? `${at} ` : ''}${text}\n`
      if (gathered.length > GATHERED_MAX) flush()
      else pending ??= setImmediate(flush)
    },
    flush,
    [Symbol.dispose]: flush,
  }

  function flush(): void {
    clearImmediate(pending)
    pending = undefined
    if (gathered !== '') output.write(gathered)
    gathered = ''
  }
}
