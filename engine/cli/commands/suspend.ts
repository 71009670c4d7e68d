import type { RunCommand } from '../commands.ts'
import { objectNamed } from '../rails/objectName.ts'
import { say } from '../rails/say.ts'

export const run: RunCommand = (invocation, world) =>
  say({ kind: 'suspend', object: objectNamed(invocation.arguments[0] ?? '', invocation) }, invocation, world)
