import { eventually } from '../engine.ts'
import type { Host } from './hosts.ts'

export type Damage = readonly [string, ...string[]]

/** Each of these, done on the machine, is put right by the engine: `known` says what it said before. */
export async function expectPutRight(
  host: Host,
  damages: readonly Damage[],
  known: () => string,
): Promise<void> {
  const standing = known()
  for (const damage of damages) {
    host.run(...damage)
    await eventually(
      async () => known(),
      (now) => now === standing,
      15_000,
    ).catch((error: unknown) => {
      throw new Error(`after ${damage.join(' ')}; before: ${standing}`, { cause: error })
    })
  }
}
