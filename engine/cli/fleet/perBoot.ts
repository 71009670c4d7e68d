import { readBootId } from '../../runtimes/oci/node/node.ts'
import type { Runtime } from '../../runtimes/runtime.ts'
import type { Transport } from '../../transport/transport.ts'

/**
 * A runtime that is begun anew when its machine was: what was found out about it and made on it in the boot before is not so any more. Looked at
 * with each whole look at the node.
 */
export async function perBoot(
  transport: Pick<Transport, 'readFile'>,
  create: () => Promise<Runtime>,
): Promise<Runtime> {
  let current = await create()
  let known: string | undefined
  const renew = async (bootId: string): Promise<void> => {
    if (known !== undefined && known !== bootId) current = await create()
    known = bootId
  }
  let renewed = Promise.resolve()
  const now = async (): Promise<Runtime> => {
    const bootId = await readBootId(transport)
    // One after the other, whatever became of the one before.
    const own = async (): Promise<void> => await renew(bootId)
    renewed = renewed.then(own, own)
    await renewed
    return current
  }
  const verbs = Object.keys(current).map((verb): readonly [string, unknown] => [
    verb,
    // As it is at each call.
    (...args: readonly unknown[]) =>
      Reflect.apply(Reflect.get(current, verb) as () => unknown, current, args),
  ])
  const always = Object.fromEntries(verbs) as unknown as Runtime
  return {
    ...always,
    check: async (signal) => await (await now()).check(signal),
    list: async (signal) => await (await now()).list(signal),
  }
}
