import type { ReadVolumeFileRequest } from '../../api/volumeRequests.ts'
import type { FileKeySelector } from '../../api/generated/types.ts'
import { podUid } from '../../api/names.ts'
import type { ObservedPod } from '../../api/snapshot.ts'
import { containerFacts, filledFactsOf } from '../facts.ts'

/** By `volume/path`: what stood in the files that environments are made from, read just before the start; undefined: no such file. */
export type VolumeFiles = ReadonlyMap<string, string | undefined>

/** The files that a container's variables are in. */
export function envFilesOf(pod: ObservedPod, container: string): readonly ReadVolumeFileRequest[] {
  const { spec, metadata } = pod.record.pod
  const own = containerFacts(filledFactsOf(spec), container)?.container
  const selectors = (own?.env ?? []).flatMap(({ valueFrom }) => valueFrom?.fileKeyRef ?? [])
  const unique = new Map(selectors.map((selector) => [fileKey(selector), selector]))
  const uid = podUid(metadata.uid ?? '')
  return [...unique.values()].map(({ path, volumeName }) => ({ uid, volume: volumeName, path }))
}

export function fileKey({ path, volumeName }: Pick<FileKeySelector, 'path' | 'volumeName'>): string {
  return `${volumeName}/${path}`
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * `VAR='value'`, as POSIX shells read it, and nothing else: values in single quotes, over several lines if need be, comments after `#`,
 * no spaces around `=`. A text says what is wrong. https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-via-file/
 */
export function parseEnvFile(text: string): ReadonlyMap<string, string> | string {
  const variables = new Map<string, string>()
  let rest = text
  for (;;) {
    rest = rest.trimStart()
    if (rest === '') return variables
    if (rest.startsWith('#')) {
      rest = afterLine(rest)
      continue
    }
    const equals = rest.indexOf('=')
    const name = equals < 0 ? '' : rest.slice(0, equals)
    if (!NAME.test(name)) return `line ${lineOf(text, rest)} does not begin with a variable's name and =`
    const close = rest[equals + 1] === "'" ? rest.indexOf("'", equals + 2) : -1
    if (close < 0) return `line ${lineOf(text, rest)}: the value of ${name} is not in single quotes`
    const tail =
      rest
        .slice(close + 1)
        .split('\n', 1)[0]
        ?.trim() ?? ''
    if (tail !== '' && !tail.startsWith('#'))
      return `line ${lineOf(text, rest)}: something follows the value of ${name}`
    variables.set(name, rest.slice(equals + 2, close))
    rest = afterLine(rest.slice(close + 1))
  }
}

function afterLine(text: string): string {
  const end = text.indexOf('\n')
  return end < 0 ? '' : text.slice(end + 1)
}

function lineOf(text: string, rest: string): number {
  return text.slice(0, text.length - rest.length).split('\n').length
}
