import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { isAuthentic } from '../../engine/source/webhook.ts'

const SECRET = "It's a Secret to Everybody"
const BODY = Buffer.from('Hello, World!')
/** From GitHub's documentation of webhooks. */
const DOCUMENTED = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'

test.for([
  ['GitHub', 'x-hub-signature-256', `sha256=${DOCUMENTED}`],
  ['Gitea', 'x-gitea-signature', DOCUMENTED],
  ['Forgejo', 'x-forgejo-signature', DOCUMENTED],
  ['Gogs', 'x-gogs-signature', DOCUMENTED.toUpperCase()],
  ['anybody else', 'x-signature-256', `sha256=${DOCUMENTED}`],
  ['GitLab', 'x-gitlab-token', SECRET],
] as const)('a webhook of %s is believed', ([, header, value]) => {
  expect(isAuthentic({ headers: { [header]: value }, body: BODY }, SECRET)).toBe(true)
})

test.for([
  ['no signature', {}],
  ['an empty signature', { 'x-hub-signature-256': '' }],
  ['a signature that is cut off', { 'x-hub-signature-256': `sha256=${DOCUMENTED.slice(0, 32)}` }],
  [
    'a signature by another secret',
    { 'x-hub-signature-256': `sha256=${createHmac('sha256', 'other').update(BODY).digest('hex')}` },
  ],
  [
    'a wrong signature beside a right token',
    { 'x-hub-signature-256': 'sha256=00', 'x-gitlab-token': SECRET },
  ],
  ['another token', { 'x-gitlab-token': 'other' }],
  ['several signatures', { 'x-hub-signature-256': [`sha256=${DOCUMENTED}`] }],
] as const)('a webhook with %s is not', ([, headers]) => {
  expect(isAuthentic({ headers, body: BODY }, SECRET)).toBe(false)
})

test('a body that was changed on the way is not believed', () => {
  const headers = { 'x-hub-signature-256': `sha256=${DOCUMENTED}` }
  expect(isAuthentic({ headers, body: Buffer.from('Hello, World?') }, SECRET)).toBe(false)
})

test('without a secret nothing is believed', () => {
  const signature = createHmac('sha256', '').update(BODY).digest('hex')
  expect(isAuthentic({ headers: { 'x-gitea-signature': signature }, body: BODY }, '')).toBe(false)
})
