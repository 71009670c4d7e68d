import type { RunCommand } from '../commands.ts'
import { usageError } from '../invocation.ts'

export const run: RunCommand = async (invocation, world) => {
  const [verb, asked = ''] = invocation.arguments
  if (verb !== 'check' && invocation.text('runtime') !== undefined)
    throw usageError('--runtime goes with nodes check', invocation.command)
  if (verb === undefined) return await (await import('../nodes/list.ts')).listNodes(invocation, world)
  if (asked === '') throw usageError(`nodes ${verb} takes one argument`, invocation.command)
  switch (verb) {
    case 'fence':
    case 'unfence':
      return await (await import('../nodes/fence.ts')).setFence(verb, asked, invocation, world)
    case 'check':
      return await (await import('../nodes/check.ts')).checkMachine(asked, invocation, world)
    default:
      throw usageError(`nodes does not know ${verb}: it is fence, unfence or check`, invocation.command)
  }
}
