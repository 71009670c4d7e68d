import { EXIT } from './world.ts'

/** Something that the user, not a programmer, can set right: shown as one message, without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly exitStatus: number

  constructor(message: string, options: { readonly exitStatus?: number; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.exitStatus = options.exitStatus ?? EXIT.invalid
  }
}
