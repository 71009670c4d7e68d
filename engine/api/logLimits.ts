import type { Cluster } from './generated/types.ts'
import { byteCount } from './quantity.ts'

/** How much of what a container writes is kept on its node: the kubelet's containerLogMaxSize and containerLogMaxFiles. */
export interface LogLimits {
  /** Of one file. */
  readonly bytesMax: number
  /** Of a container, its last two attempts together; the empty one that comes next is one of them. */
  readonly filesMax: number
}

export const LOG_LIMITS: LogLimits = { bytesMax: 10 * 1024 * 1024, filesMax: 5 }

/** conmon writes up to 8 KiB at a time: below this a file would hold two of its writes. */
export const LOG_BYTES_MIN = 16 * 1024

export function logLimits({ spec }: Pick<Cluster, 'spec'>): LogLimits {
  const { containerLogMaxFiles: filesMax = LOG_LIMITS.filesMax, containerLogMaxSize: size } = spec ?? {}
  return { bytesMax: size === undefined ? LOG_LIMITS.bytesMax : byteCount(size), filesMax }
}
