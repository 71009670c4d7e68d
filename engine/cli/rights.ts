import { commandText, type Invocation } from './invocation.ts'
import { UserError } from './userError.ts'
import { EXIT, type World } from './world.ts'

/** Before anything is read or fetched: what a user may not do at all is told first. */
export function assertRights(invocation: Invocation, world: World): void {
  if (world.userId === undefined || world.userId === 0) return
  throw new UserError(
    `${commandText(invocation.command)} needs root, for namespaces, mounts and cgroups: run it with sudo`,
    { exitStatus: EXIT.failed },
  )
}
