import { SourceError } from '../source/source.ts'
import { didYouMean } from './nearest.ts'
import { plainText } from './table.ts'
import { UserError } from './userError.ts'
import { EXIT, type World } from './world.ts'

/** Says what went wrong, and resolves to the exit status that belongs to it. */
export function report(error: unknown, world: World): number {
  const [status, text] = describe(error)
  if (text !== '') world.stderr.write(`${plainText(text)}\n`)
  return status
}

const OF_THE_WORLD: ReadonlySet<string> = new Set(['RuntimeFailure', 'TransportError', 'ControlError'])

/** Errors of the world are told apart by name: their modules need not be loaded to say that nothing of theirs was thrown. */
function describe(error: unknown): readonly [status: number, text: string] {
  if (error instanceof UserError) return [error.exitStatus, `error: ${error.message}`]
  if (error instanceof SourceError) {
    const { asked } = error
    return [EXIT.invalid, `error: ${error.message}${asked === undefined ? '' : hint(asked)}`]
  }
  if (error instanceof Error && OF_THE_WORLD.has(error.name)) {
    return [EXIT.failed, `error: ${error.message}`]
  }
  // What the system refuses (a full disk, a missing right) is not our bug; its message names the call and the path.
  if (error instanceof Error && 'syscall' in error) {
    const advice = /^(ENOSPC|EDQUOT)\b/.test(error.message) ? '; the disk is full: free some space' : ''
    return [EXIT.failed, `error: ${error.message}${advice}`]
  }
  return [EXIT.failed, bugText(error)]
}

function hint(asked: { readonly name: string; readonly candidates: readonly string[] }): string {
  const near = didYouMean(asked.name, asked.candidates)
  if (near !== '' || asked.candidates.length === 0) return near
  const some = asked.candidates.slice(0, 8)
  return `; there ${some.length === 1 ? 'is' : 'are'}: ${some.join(', ')}${asked.candidates.length > some.length ? ' ...' : ''}`
}

function bugText(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return [
    'error: this is a bug of reconcile, not of your manifests; running pods were left as they are.',
    stack,
    'Please report it with the lines above, and with what `reconcile version -o json` prints.',
  ].join('\n')
}
