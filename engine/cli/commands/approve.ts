import type { RunCommand } from '../commands.ts'
import { say } from '../rails/say.ts'

export const run: RunCommand = (invocation, world) =>
  say({ kind: 'approve', commit: invocation.arguments[0] ?? '' }, invocation, world)
