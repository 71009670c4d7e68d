import packageJson from '../../../package.json' with { type: 'json' }
import type { RunCommand } from '../commands.ts'
import { printJson } from '../json.ts'
import { EXIT } from '../world.ts'

export const run: RunCommand = (invocation, world) => {
  const { version } = packageJson
  if (invocation.text('output') === 'json') printJson(world, { version, node: world.nodeVersion })
  else world.stdout.write(`reconcile ${version}\n`)
  return Promise.resolve(EXIT.done)
}
