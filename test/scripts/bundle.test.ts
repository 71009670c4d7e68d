import { execa } from 'execa'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CACHE = `${ROOT}node_modules/.cache`
let folder: string
let bundle: string

// Beside the packages, as the real one is: the engine looks for its version in the folders above.
beforeAll(async () => {
  await mkdir(CACHE, { recursive: true })
  folder = mkdtempSync(`${CACHE}/bundle-test-`)
  bundle = `${folder}/bundle`
  await execa(process.execPath, [`${ROOT}scripts/bundle.ts`, bundle])
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function run(...args: readonly string[]) {
  return await execa(process.execPath, [`${bundle}/main.mjs`, ...args], { reject: false, extendEnv: false })
}

/** What V8 compiled, by the command that ran. */
function compiled(command: string): string {
  const names = readdirSync(bundle).filter((name) => name.includes(`-${command}-${process.version}`))
  expect(names).toHaveLength(1)
  return `${bundle}/${names[0]}`
}

test('all letters of the bundle are ASCII, and none of its texts differs by that', async () => {
  const name = readdirSync(bundle).find((each) => each.endsWith('.js')) ?? ''
  expect(readFileSync(`${bundle}/${name}`).every((byte) => byte < 0x80)).toBe(true)
  const { stdout } = await execa(process.execPath, [`${ROOT}engine/main.ts`, 'help', 'events'])
  expect(stdout).toMatch(/[^ -~\s]/)
  expect((await run('help', 'events')).stdout).toBe(stdout)
})

test('a command leaves what V8 compiled, and the next run begins with it', async () => {
  const first = await run('version')
  const left = statSync(compiled('version'))
  const second = await run('version')
  expect(second.stdout).toBe(first.stdout)
  expect(statSync(compiled('version')).ino).toBe(left.ino)
})

test('what V8 cannot use is made anew', async () => {
  await run('completion', 'bash')
  const left = compiled('completion')
  writeFileSync(left, readFileSync(left).subarray(0, 1000))
  expect((await run('completion', 'bash')).exitCode).toBe(0)
  expect(statSync(left).size).toBeGreaterThan(1000)
})

test('the first run of a command begins with what another has left, and does without where V8 cannot use that', async () => {
  const others = readdirSync(bundle).filter((name) => name.endsWith(`-${process.version}-${process.arch}`))
  for (const name of others) rmSync(`${bundle}/${name}`)
  await run('version')
  const whole = statSync(compiled('version')).size
  writeFileSync(compiled('version'), 'of no use to V8')
  expect((await run('help')).exitCode).toBe(0)
  // Without anything it has what it has compiled itself; after that the next one has both.
  const own = statSync(compiled('help')).size
  rmSync(compiled('version'))
  expect((await run('completion', 'bash')).exitCode).toBe(0)
  expect(Math.min(whole, own)).toBeGreaterThan(1000)
  expect(statSync(compiled('completion')).size).toBeGreaterThan(own)
})

test('a command that fails leaves nothing', async () => {
  expect((await run('validate', '/nowhere')).exitCode).toBe(3)
  expect(readdirSync(bundle).filter((name) => name.includes('-validate-'))).toEqual([])
})
