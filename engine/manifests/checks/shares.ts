import type { IntOrString } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'

/** A number of pods, or a part of them such as 25%; its number, undefined when it is neither. */
export function checkShare(context: CheckContext, path: Path, share: IntOrString): number | undefined {
  if (typeof share === 'number') {
    if (share >= 0) return share
    context.error(path, `must be 0 or more, not ${share}`)
    return undefined
  }
  if (/^[0-9]+%$/.test(share)) return Number(share.slice(0, -1))
  const hint = /^[0-9]+$/.test(share) ? 'take away the quotes' : 'such as 1 or 25%'
  context.error(path, `${JSON.stringify(share)} is neither a number nor a percentage`, hint)
  return undefined
}

/** The same, of which there cannot be more than all. */
export function checkPart(context: CheckContext, path: Path, share: IntOrString): number | undefined {
  const value = checkShare(context, path, share)
  if (value !== undefined && typeof share === 'string' && value > 100) {
    context.error(path, 'must be no more than 100%')
  }
  return value
}
