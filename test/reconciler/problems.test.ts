import { expect, test } from 'vitest'
import { blame, problemOf } from '../../engine/reconciler/problems.ts'
import { RuntimeFailure } from '../../engine/runtimes/runtime.ts'
import { TransportError } from '../../engine/transport/transport.ts'

test('what the system refuses is the world’s fault, with what to do about a full disk', () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write '/x'"), {
    syscall: 'write',
    code: 'ENOSPC',
  })
  expect(blame(full)).toBe('world')
  expect(problemOf(full, '')).toEqual({
    container: '',
    reason: 'NodeFileError',
    message: "ENOSPC: no space left on device, write '/x'; the disk is full: free some space",
    certain: false,
  })
})

test('the way to a node, a runtime’s failure and a bug are told apart', () => {
  expect(blame(new TransportError('gone'))).toBe('node')
  expect(blame(new RuntimeFailure('ErrImagePull', 'no'))).toBe('world')
  expect(blame(new TypeError('x is undefined'))).toBe('bug')
})

test('a failure with a summary keeps it for the progress', () => {
  const failure = new RuntimeFailure('ErrImagePull', 'no image; check it: 404', {
    certain: true,
    summary: 'no image',
  })
  expect(problemOf(failure, 'web')).toMatchObject({ container: 'web', summary: 'no image', certain: true })
  expect(problemOf(new RuntimeFailure('E', 'short'), 'web')).not.toHaveProperty('summary')
})
