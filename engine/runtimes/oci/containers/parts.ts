import type { StartContainerRequest } from '../../../api/cri.ts'
import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import type { ImageStore, LocalImage } from '../images/store.ts'
import type { NodeFacts } from '../node/prepareNode.ts'
import type { ContainerPaths, PodPaths, RootPaths } from '../paths.ts'
import type { Sandbox } from '../pods/sandbox.ts'

export interface StartContext {
  readonly transport: Transport
  readonly paths: RootPaths
  readonly facts: NodeFacts
  readonly images: ImageStore
}

/** One container that is about to start. */
export interface Parts {
  readonly context: StartContext
  readonly request: StartContainerRequest
  readonly image: LocalImage
  readonly pod: PodPaths
  readonly container: ContainerPaths
  readonly sandbox: Sandbox
}

export function createError(
  request: StartContainerRequest,
  message: string,
  certain: boolean,
): RuntimeFailure {
  return new RuntimeFailure('CreateContainerError', `creating container ${request.container}: ${message}`, {
    certain,
  })
}

export function configError(request: StartContainerRequest, message: string): RuntimeFailure {
  const text = `creating container ${request.container}: ${message}`
  return new RuntimeFailure('CreateContainerConfigError', text, { certain: true })
}
