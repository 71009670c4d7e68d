import type { Transport } from '../../transport/transport.ts'
import { parseLogText } from '../oci/logs/lines.ts'
import type { LogFolder } from '../oci/logs/files.ts'
import { fileEnd } from './fileEnds.ts'

/** The kubelet's limits for a message that comes from the log. */
const MESSAGE_LENGTH_MAX = 2048
const LINES_MAX = 80
/** So many lines of a usual length, with their times. */
const TAIL_BYTES = 16 * 1024

/** The end of what an attempt wrote. */
export async function logEnd(transport: Transport, { current, directory }: LogFolder): Promise<string> {
  const text = await fileEnd(transport, `${directory}/${current}`, TAIL_BYTES)
  const lines = parseLogText(text).slice(-LINES_MAX)
  return lines
    .map((line) => `${line.text}\n`)
    .join('')
    .slice(-MESSAGE_LENGTH_MAX)
}
