import type { RestartRule, StartContainerRequest } from '../../api/cri.ts'
import type { Timestamp } from '../../api/names.ts'
import type { ContainerExit } from '../../api/snapshot.ts'
import type { Parts } from '../oci/containers/parts.ts'
import { isObject, parseJson } from '../oci/json.ts'

/** In the folder of an attempt that the engine has begun, written before the program is told. */
export const START_FILE = 'start.json'
/** How an attempt ended, once that has to be told without the program. Of those too that the program has begun. */
export const END_FILE = 'end.json'

/** The engine ends it: nobody on the node is to start it again. */
export const STOPPED_FILE = 'stopped'

export function attemptFolder({ container, request }: Pick<Parts, 'container' | 'request'>): string {
  return `${container.directory}/${request.attempt}`
}

export interface StartFile {
  readonly bootId: string
  readonly at: Timestamp
  readonly image: { readonly id: string; readonly reference: string }
  readonly restart: Pick<RestartRule, 'policy' | 'exitRules'>
  readonly messagePolicy: StartContainerRequest['terminationMessagePolicy']
}

export interface EndFile {
  readonly exit: ContainerExit
  readonly previous?: ContainerExit
  readonly image: StartFile['image']
}

export function parseStart(text: string | undefined): StartFile | undefined {
  const value = parseJson(text ?? '')
  return isObject(value) && typeof value['bootId'] === 'string' ? (value as unknown as StartFile) : undefined
}

export function parseEnd(text: string | undefined): EndFile | undefined {
  const value = parseJson(text ?? '')
  return isObject(value) && isObject(value['exit']) ? (value as unknown as EndFile) : undefined
}

/** A restart policy of podman or docker cannot tell exit codes apart: a container with rules for them is the engine's to restart. */
export function restartsItself({ exitRules, policy }: StartFile['restart'], exitCode: number): boolean {
  if ((exitRules ?? []).length > 0) return false
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

export function restartFlag({ exitRules, policy }: StartFile['restart']): 'no' | 'on-failure' | 'always' {
  if ((exitRules ?? []).length > 0) return 'no'
  switch (policy) {
    case 'Always':
      return 'always'
    case 'OnFailure':
      return 'on-failure'
    case 'Never':
      return 'no'
    default:
      return policy satisfies never
  }
}
