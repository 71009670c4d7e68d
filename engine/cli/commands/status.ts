import type { RunCommand } from '../commands.ts'
import { listOf, printJson } from '../json.ts'
import { type StatusLook, statusLooker } from '../statusLook.ts'
import { statusDocument, statusPage } from '../statusPage.ts'
import { plainText } from '../table.ts'
import { EXIT, type World } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const look = statusLooker(invocation, world)
  if (invocation.flag('watch')) {
    const { watchStatus } = await import('../statusWatch.ts')
    return await watchStatus(look, invocation, world)
  }
  const found = await look()
  if (invocation.text('output') === 'json') {
    tellWarnings(found, world)
    printJson(world, listOf(statusDocument(found)))
    return EXIT.done
  }
  world.stdout.write(plainText(statusPage(found, invocation.text('output') === 'wide')))
  tellWarnings(found, world)
  return EXIT.done
}

function tellWarnings({ warnings }: StatusLook, world: World): void {
  for (const warning of warnings) world.stderr.write(plainText(`warning: ${warning}\n`))
}
