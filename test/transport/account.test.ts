import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { accountText, parseAccount, withinAccount } from '../../engine/transport/ssh/account.ts'

test('who is root goes on at once, with whatever letters the root’s path has', () => {
  const program = `${accountText({ root: "/srv/it's \\ here", id: '0123abcd' })}\nprint $Account::ROOT;`
  const { stderr, stdout } = spawnSync('perl', ['-'], { input: program, encoding: 'utf8' })
  expect([stdout, stderr]).toEqual(["/srv/it's \\ here", ''])
})

test('a command that has a session of its own is begun within the account’s namespaces', () => {
  const argv = ['nsenter', '--target', '421', '--user', '--mount', '--net', '--pid', '--']
  expect(withinAccount('421 98765\n')).toEqual(argv)
})

test('whose namespaces they are stands in them; where nothing stands it is root', () => {
  expect(parseAccount(Buffer.from('{"account":"alice","folder":"/var/lib/alice/x"}\n'))).toEqual({
    account: 'alice',
    folder: '/var/lib/alice/x',
  })
  expect(parseAccount(undefined)).toBeUndefined()
})
