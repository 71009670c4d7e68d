import { onTestFinished } from 'vitest'

/** A test that runs out of time never comes to the end of its block, so what it has made is disposed of after it. */
export function disposedAfterTest(made: AsyncDisposable): void {
  try {
    onTestFinished(async () => await made[Symbol.asyncDispose]())
  } catch {
    // Made for a whole file, in a hook: the file's own afterAll disposes of it.
  }
}
