import type { Failing } from '../commands.ts'
import { guarded } from '../guarded.ts'
import type { OciNode } from '../ociNode.ts'
import { oneByOne } from '../oneByOne.ts'

export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

/** What a root keeps on its node is asked for, looked at and mended by turns: what is half done would look as if somebody had changed it. */
export interface Turns {
  readonly inTurn: InTurn
  /** What was asked for of it: whatever goes wrong is the world's failure. */
  readonly asked: <T>(signal: AbortSignal | undefined, work: () => Promise<T>) => Promise<T>
}

export function turnsOf(
  { paths, transport }: Pick<OciNode, 'paths' | 'transport'>,
  thing: string,
  { reason, doing }: Failing,
): Turns {
  const inTurn: InTurn = async (work) => await oneByOne(transport, `${thing} of ${paths.root}`, work)
  return {
    inTurn,
    asked: async (signal, work) => await inTurn(async () => await guarded(reason, doing, signal, work)),
  }
}
