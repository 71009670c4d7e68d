import type { RunCommand } from '../commands.ts'
import { setCordon } from '../nodes/cordon.ts'
import { EXIT } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  await setCordon('cordon', invocation, world)
  return EXIT.done
}
