import { authority } from '../../reconciler/certificates.ts'
import type { RunCommand } from '../commands.ts'
import { usageError } from '../invocation.ts'
import { openUsedStation } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT } from '../world.ts'

/** Prints what whoever talks to pods checks their certificates by. */
export const run: RunCommand = async (invocation, world) => {
  const what = invocation.arguments[0] ?? 'ca'
  if (what !== 'ca')
    throw usageError(`reconcile certificates prints ca, and was given ${what}`, invocation.command)
  const { hashKey } = (await openUsedStation(invocation, world)).record
  if (hashKey === undefined)
    throw new UserError('the root has no key yet: apply a repository with reconcile --once first', {
      exitStatus: EXIT.failed,
    })
  world.stdout.write((await authority(hashKey)).certificate)
  return EXIT.done
}
