import type { RunCommand } from '../commands.ts'
import { completionScript, SHELLS } from '../completion.ts'
import { usageError } from '../invocation.ts'
import { didYouMean } from '../nearest.ts'
import { EXIT } from '../world.ts'

export const run: RunCommand = (invocation, world) => {
  const [asked = ''] = invocation.arguments
  const shell = SHELLS.find((name) => name === asked)
  if (shell === undefined) {
    const hint = didYouMean(asked, SHELLS)
    throw usageError(
      `there is no completion for ${asked}, only for ${SHELLS.join(', ')}${hint}`,
      invocation.command,
    )
  }
  world.stdout.write(completionScript(shell))
  return Promise.resolve(EXIT.done)
}
