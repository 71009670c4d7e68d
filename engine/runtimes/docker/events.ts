import { setTimeout } from 'node:timers/promises'
import { type PodUid, podUid } from '../../api/names.ts'
import type { Command, Transport } from '../../transport/transport.ts'
import { parseContainerName } from '../dockerLike/names.ts'
import type { ToolEnd } from '../dockerLike/tool.ts'
import { isObject, parseJson } from '../oci/json.ts'
import { LineSplitter } from '../oci/logs/lines.ts'

/** A line of `docker events`, of a container of ours. */
export interface DockerEvent {
  readonly name: string
  readonly uid: string
  readonly action: string
  readonly exitCode?: number
}

export function parseDockerEvents(text: string): readonly DockerEvent[] {
  return text.split('\n').flatMap((line): readonly DockerEvent[] => {
    const value = parseJson(line)
    if (!isObject(value) || !isObject(value['Actor']) || !isObject(value['Actor']['Attributes'])) return []
    const { exitCode, name: said } = value['Actor']['Attributes']
    const name = String(said)
    const uid = parseContainerName(name)?.uid
    if (uid === undefined) return []
    const action = String(value['Action'])
    return [{ name, uid, action, ...(action === 'die' && { exitCode: Number(exitCode) }) }]
  })
}

/** By attempts: that one was killed for want of memory docker tells before its end, or somewhat after it. */
export function endsOf(stdout: string): readonly ToolEnd[] {
  const attempts: { readonly name: string; exitCode?: number; oomKilled: boolean }[] = []
  for (const { action, exitCode, name } of parseDockerEvents(stdout)) {
    let attempt = attempts.findLast((one) => one.name === name)
    // The start of the first may be too long ago.
    if (attempt === undefined || action === 'start') attempts.push((attempt = { name, oomKilled: false }))
    attempt.oomKilled ||= action === 'oom'
    if (exitCode !== undefined) attempt.exitCode = exitCode
  }
  return attempts.flatMap(({ exitCode, name, oomKilled }) =>
    exitCode === undefined ? [] : [{ name, exitCode, oomKilled }],
  )
}

/** After these there is something new to be seen. */
const TELLING = new Set(['start', 'die', 'oom', 'pause', 'unpause', 'destroy', 'stop', 'kill', 'update'])

const AGAIN_MS = 1_000

/** One command for as long as the daemon answers it, and then the next. */
export async function* dockerChanges(
  transport: Transport,
  command: Command,
  signal: AbortSignal,
): AsyncGenerator<PodUid> {
  while (!signal.aborted) {
    const splitter = new LineSplitter()
    try {
      for await (const chunk of transport.stream(command, signal)) {
        const told = parseDockerEvents(splitter.add(chunk).join('\n'))
        const uids = told.flatMap(({ action, uid }) => (TELLING.has(action) ? [uid] : []))
        for (const uid of new Set(uids)) yield podUid(uid)
      }
      await setTimeout(AGAIN_MS, undefined, { signal })
    } catch (error) {
      if (signal.aborted) return
      throw error
    }
  }
}
