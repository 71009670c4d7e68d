import { findCommand } from './commands.ts'
import { closeWays } from './fleet/driving.ts'
import { type Invocation, parseCommandLine } from './invocation.ts'
import { EXIT, type World } from './world.ts'

/** The whole of one call: parses, carries out, says what went wrong. Resolves to the exit status, never rejects. */
export async function runCommandLine(world: World): Promise<number> {
  try {
    const invocation = parseCommandLine(world.argv)
    return await runInvocation(invocation, world)
  } catch (error) {
    if (world.signal.aborted) return EXIT.interrupted
    const { report } = await import('./report.ts')
    return report(error, world)
  } finally {
    await closeWays(world)
  }
}

async function runInvocation(invocation: Invocation, world: World): Promise<number> {
  const { command } = invocation
  if (invocation.flag('help')) {
    const { commandHelpText, overviewText } = await import('./help.ts')
    world.stdout.write(
      command.name === '' && !invocation.flag('once') ? overviewText() : commandHelpText(command),
    )
    return EXIT.done
  }
  const { run } = await command.load()
  const status = await run(invocation, world)
  return world.signal.aborted && !saysHowItEnded(invocation) ? EXIT.interrupted : status
}

/** A command in a container has a status of its own, and an engine that follows a repository is ended by no other way. */
function saysHowItEnded({ command, flag }: Invocation): boolean {
  return command === findCommand('exec') || (command === findCommand('') && !flag('once'))
}
