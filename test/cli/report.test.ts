import { expect, test } from 'vitest'
import { report } from '../../engine/cli/report.ts'
import { ControlError } from '../../engine/daemon/controlClient.ts'
import { UserError } from '../../engine/cli/userError.ts'
import { RuntimeFailure } from '../../engine/runtimes/runtime.ts'
import { SourceError } from '../../engine/source/source.ts'
import { createWorld } from '../simulation/loop/engine.ts'
import { cliWorld } from './simulated.ts'

function said(error: unknown): readonly [status: number, text: string] {
  const world = cliWorld(createWorld())
  const status = report(error, world)
  expect(world.shown().stdout).toBe('')
  return [status, world.shown().stderr]
}

test('what the user can set right is one message without a stack', () => {
  expect(said(new UserError('no'))).toEqual([3, 'error: no\n'])
  expect(said(new UserError('no', { exitStatus: 1 }))).toEqual([1, 'error: no\n'])
  expect(said(new RuntimeFailure('MissingProgram', 'runc is missing'))).toEqual([
    1,
    'error: runc is missing\n',
  ])
  expect(said(new ControlError('the engine has ended'))).toEqual([1, 'error: the engine has ended\n'])
})

test('a name that is not there comes with a near one, or with those that there are', () => {
  const asked = (name: string) =>
    new SourceError('no branch', { asked: { name, candidates: ['main', 'next'] } })
  expect(said(asked('mian'))).toEqual([3, 'error: no branch; did you mean main?\n'])
  expect(said(asked('xyzzy'))).toEqual([3, 'error: no branch; there are: main, next\n'])
})

test('what the system refuses is its message, not a bug', () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, open '/x'"), {
    syscall: 'open',
    code: 'ENOSPC',
  })
  expect(said(full)).toEqual([
    1,
    "error: ENOSPC: no space left on device, open '/x'; the disk is full: free some space\n",
  ])
})

test('anything else is a bug of ours, with its stack and how to report it', () => {
  const [status, text] = said(new TypeError('x is undefined'))
  expect(status).toBe(1)
  expect(text).toMatch(/^error: this is a bug of reconcile/)
  expect(text).toMatch(/TypeError: x is undefined\n +at /)
  expect(text).toMatch(/Please report it/)
})
