import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repository, temporaryFolder, write } from '../source/repositories.ts'
import { reconcile } from './process.ts'
import { MISSPELT, POD } from './pods.ts'

describe('validate', () => {
  test('of a valid file ends with 0', async () => {
    const folder = temporaryFolder()
    write(folder, { 'pod.yaml': POD })
    expect(await reconcile(['validate', 'pod.yaml'], { cwd: folder })).toEqual({
      status: 0,
      stdout: 'valid: 1 object in 1 file\n',
      stderr: '',
    })
  })

  test('of wrong files ends with 3 and every error, with file, line and column', async () => {
    const folder = temporaryFolder()
    write(folder, { 'a.yaml': MISSPELT, 'b.yaml': 'kind: [' })
    const { status, stdout, stderr } = await reconcile(['validate', 'a.yaml', 'b.yaml'], { cwd: folder })
    expect([status, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(/^a\.yaml:5:\d+: error: Pod default\/web: spec\.containers\[0\]\.imgae: .*image/m)
    expect(stderr).toMatch(/^b\.yaml:1:\d+: error: /m)
    expect(stderr).toMatch(/errors in 2 files\n$/)
  })

  test('reads the standard input', async () => {
    expect(await reconcile(['validate', '-'], { input: POD })).toMatchObject({
      status: 0,
      stdout: 'valid: 1 object in 1 file\n',
    })
    expect(await reconcile(['validate', '-'], { input: MISSPELT })).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/^-:5:/),
    })
  })

  test('of a folder reads its manifests and names them so that an editor finds them', async () => {
    const repo = repository({ 'apps/a.yaml': MISSPELT, 'apps/package.json': '{}', 'other.yaml': '{' })
    write(repo, { '.reconcileignore': 'package.json\n' })
    const { status, stderr } = await reconcile(['validate', 'apps'], { cwd: repo })
    expect(status).toBe(3)
    expect(stderr).toMatch(/^apps\/a\.yaml:5:/)
    expect(stderr).toMatch(/in 1 file\n$/)
  })

  test('of the whole repository, without a path, reads what --once would read', async () => {
    const repo = repository({ 'a.yaml': POD })
    expect(await reconcile(['validate'], { cwd: repo })).toMatchObject({ status: 0 })
    writeFileSync(join(repo, 'a.yaml'), MISSPELT)
    expect(await reconcile(['validate'], { cwd: repo })).toMatchObject({ status: 3 })
    expect(await reconcile(['validate', '--repo', repo, '--branch', 'main'])).toMatchObject({ status: 0 })
  })

  test('of a remote repository needs no root', async () => {
    const repo = repository({ 'a.yaml': POD })
    const environment = { XDG_CACHE_HOME: temporaryFolder() }
    const run = await reconcile(['validate', '--repo', `file://${repo}`], { environment })
    expect(run).toEqual({ status: 0, stdout: 'valid: 1 object in 1 file\n', stderr: '' })
  })

  test('prints one JSON document with -o json, valid or not', async () => {
    const valid = await reconcile(['validate', '-', '-o', 'json'], { input: POD })
    expect([valid.status, JSON.parse(valid.stdout)]).toMatchObject([
      0,
      { kind: 'Validation', valid: true, objects: 1, errors: [] },
    ])
    const wrong = await reconcile(['validate', '-', '-o', 'json'], { input: MISSPELT })
    expect(wrong.status).toBe(3)
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      kind: 'Validation',
      valid: false,
      errors: expect.arrayContaining([
        expect.objectContaining({ file: '-', line: 5, field: 'spec.containers[0].imgae' }),
      ]),
    })
  })

  test('warns of a reference that single files do not hold, and refuses it in a whole repository', async () => {
    const dangling = POD.replace('}]', ', envFrom: [{configMapRef: {name: settings}}]}]')
    const repo = repository({ 'a.yaml': dangling })
    const file = await reconcile(['validate', join(repo, 'a.yaml')])
    expect([file.status, file.stderr]).toEqual([0, expect.stringMatching(/warning: .*settings/)])
    expect(await reconcile(['validate', '--repo', repo])).toMatchObject({ status: 3 })
  })

  test('of what is not there says so', async () => {
    expect(await reconcile(['validate', '/nonexistent.yaml'])).toEqual({
      status: 3,
      stdout: '',
      stderr: 'error: reading /nonexistent.yaml: there is no such file or folder\n',
    })
  })

  test('of a symbolic link in a repository is an error of the commit', async () => {
    const repo = repository({ 'a.yaml': POD })
    symlinkSync('/etc/hostname', join(repo, 'link.yaml'))
    const { status, stderr } = await reconcile(['validate', '--repo', repo])
    expect([status, stderr]).toEqual([3, expect.stringContaining('link.yaml:1:1: error: is a symbolic link')])
  })
})
