import { issuerOf } from '../../api/tokens.ts'
import { tokenKey } from '../../reconciler/tokens.ts'
import { appliedDesired } from '../applied.ts'
import type { RunCommand } from '../commands.ts'
import { usageError } from '../invocation.ts'
import { openUsedStation } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT } from '../world.ts'

/** Prints what whoever takes service account tokens checks them by: OpenID Connect Discovery 1.0, RFC 7517. */
export const run: RunCommand = async (invocation, world) => {
  const what = invocation.arguments[0] ?? 'keys'
  if (what !== 'keys' && what !== 'configuration')
    throw usageError(
      `reconcile openid prints keys or configuration, and was given ${what}`,
      invocation.command,
    )
  const station = await openUsedStation(invocation, world)
  const { hashKey } = station.record
  if (hashKey === undefined)
    throw new UserError('the root has no key yet: apply a repository with reconcile --once first', {
      exitStatus: EXIT.failed,
    })
  const document =
    what === 'keys'
      ? { keys: [tokenKey(hashKey).public] }
      : configuration(issuerOf((await appliedDesired(station, world)).cluster))
  world.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  return EXIT.done
}

/** As an API server's /.well-known/openid-configuration. */
function configuration(issuer: string): unknown {
  return {
    issuer,
    jwks_uri: `${issuer.replace(/\/$/, '')}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  }
}
