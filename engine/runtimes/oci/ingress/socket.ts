import { text } from 'node:stream/consumers'
import type { Transport } from '../../../transport/transport.ts'

/** A line of them is read into one buffer of 16 kB. */
const LINE_MAX = 8_000
const TIMEOUT_MS = 5_000

/** Well said: nothing, or what changed. https://docs.haproxy.org/2.6/management.html#9.3 */
const GOOD = /^$|changed|no need to change/

/** Each is done, or what came back instead is thrown. */
export async function tellProxy(
  transport: Transport,
  socket: string,
  commands: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  for (const line of linesOf(commands)) {
    const limit = AbortSignal.timeout(TIMEOUT_MS)
    const either = signal === undefined ? limit : AbortSignal.any([limit, signal])
    const stream = await transport.connectSocket(socket, either)
    stream.write(`${line}\n`)
    const answer = await text(stream)
    const bad = answer.split('\n').find((one) => !GOOD.test(one))
    if (bad !== undefined) throw new Error(`the proxy was told to ${line.slice(0, 200)}, and said: ${bad}`)
  }
}

function linesOf(commands: readonly string[]): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const command of commands) {
    if (line !== '' && line.length + command.length > LINE_MAX) {
      lines.push(line)
      line = ''
    }
    line += line === '' ? command : `;${command}`
  }
  return line === '' ? lines : [...lines, line]
}
