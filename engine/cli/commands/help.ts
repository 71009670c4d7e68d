import { COMMANDS, findCommand, type RunCommand } from '../commands.ts'
import { commandHelpText, overviewText } from '../help.ts'
import { usageError } from '../invocation.ts'
import { didYouMean } from '../nearest.ts'
import { EXIT } from '../world.ts'

export const run: RunCommand = (invocation, world) => {
  const [name] = invocation.arguments
  if (name === undefined) world.stdout.write(overviewText())
  else {
    const command = findCommand(name)
    if (command === undefined) {
      const names = COMMANDS.map((each) => each.name)
      throw usageError(`there is no command ${name}${didYouMean(name, names)}`, invocation.command)
    }
    world.stdout.write(commandHelpText(command))
  }
  return Promise.resolve(EXIT.done)
}
