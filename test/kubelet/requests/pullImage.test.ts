import { describe, expect, it } from 'vitest'
import type { Secret } from '../../../engine/api/generated/types.ts'
import { pullImageRequest } from '../../../engine/kubelet/requests/pullImage.ts'
import { desired, record } from '.././world.ts'

describe('an image to pull', () => {
  const pullSecret = (name: string, key: string, value: string): Secret => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    stringData: { [key]: value },
  })
  const auths = { 'registry.test': { auth: 'dTpw', email: 'u@test' } }
  const commit = desired(
    pullSecret('new', '.dockerconfigjson', JSON.stringify({ auths })),
    pullSecret('old', '.dockercfg', JSON.stringify(auths)),
    pullSecret('bad', '.dockerconfigjson', '{"auths": secret!'),
  )
  const pull = (...names: readonly string[]) =>
    pullImageRequest(record({ imagePullSecrets: names.map((name) => ({ name })) }), 'app', commit)

  it('comes with the policy and the pull secrets that there are, in their order', () => {
    const config = { auths: { 'registry.test': { auth: 'dTpw' } } }
    expect(pull('new', 'gone', 'old')).toEqual({
      image: 'busybox:1.36',
      policy: 'IfNotPresent',
      auths: [config, config],
    })
  })

  it('is not asked for with a pull secret that cannot be read, of which nothing is told', () => {
    const problem = pull('bad')
    expect(problem).toMatchObject({ kind: 'problem', certain: true })
    expect(JSON.stringify(problem)).not.toContain('secret!')
  })
})
