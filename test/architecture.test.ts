import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkFile } from './architecture.ts'

const ROOT = new URL('..', import.meta.url).pathname
const FILES = readdirSync(join(ROOT, 'engine'), { recursive: true, encoding: 'utf8' })
  .map((path) => `engine/${path}`)
  .filter((path) => path.endsWith('.ts') && !path.includes('/generated/'))
  .toSorted()

const REPORTS = FILES.map((file) => ({ file, ...checkFile(file, readFileSync(join(ROOT, file), 'utf8')) }))

test('imports point only the way of the table, pure folders are pure, and no function is too long', () => {
  expect(FILES.length).toBeGreaterThan(30)
  const violations = REPORTS.flatMap((report) => report.violations)
  expect(violations.map(({ file, line, message }) => `${file}:${line}: ${message}`)).toEqual([])
})

test('no file is so long that nobody reads it', ({ annotate }) => {
  const long = REPORTS.filter((report) => report.lines > 300)
  for (const { file, lines } of long) void annotate(`${file} has ${lines} lines`)
  expect(REPORTS.filter((report) => report.lines > 600).map((report) => report.file)).toEqual([])
})

test('nothing in the repository names a path of one machine', () => {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
  const files = tracked
    .split('\0')
    .filter((file) => /\.(ts|js|json|md|ya?ml|sh)$|^scripts\/|^\.ci\//.test(file))
  expect(files.length).toBeGreaterThan(50)
  // Put together here, so that this file does not find itself.
  const paths = [
    ['', 'home', '[a-z]+', ''],
    ['', 'Users', '[a-z]+', ''],
    ['', 'work', '(main|shared)'],
    ['..', 'shared', ''],
  ]
  const pattern = new RegExp(paths.map((parts) => parts.join('/').replaceAll('.', '\\.')).join('|'))
  const found = files.filter((file) => pattern.test(readIfThere(join(ROOT, file))))
  expect(found).toEqual([])
})

/** What is tracked may be deleted in the working directory. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The checker itself: each of these must be found. */
describe('a planted violation is found', () => {
  const PLANTED: readonly (readonly [name: string, file: string, code: string, message: string])[] = [
    [
      'an import against the table',
      'engine/api/x.ts',
      "import { a } from '../planner/plan.ts'",
      'api may not import planner',
    ],
    [
      'a type import against it',
      'engine/kubelet/x.ts',
      "import type { A } from '../controllers/a.ts'",
      'kubelet may not import controllers',
    ],
    [
      'a lazy import against it',
      'engine/source/x.ts',
      "export const a = () => import('../api/names.ts')",
      'source may not import api',
    ],
    [
      'a re-export against it',
      'engine/runtimes/oci/x.ts',
      "export const b = 1\nexport { a } from '../../kubelet/a.ts'",
      'runtimes may not import kubelet',
    ],
    [
      'an import type expression',
      'engine/transport/x.ts',
      "export type A = import('../api/names.ts').NodeName",
      'transport may not import api',
    ],
    ['an import of main', 'engine/cli/x.ts', "import { a } from '../main.ts'", 'cli may not import main.ts'],
    [
      'an import out of engine/',
      'engine/cli/x.ts',
      "import { a } from '../../test/support/a.ts'",
      'may not import test/support/a.ts',
    ],
    ['a new folder', 'engine/other/x.ts', "import { a } from '../api/names.ts'", 'no line in the table'],
    [
      'node: in a pure folder',
      'engine/planner/x.ts',
      "import { x } from 'node:fs'",
      'may not import node:fs',
    ],
    ['execa in a pure folder', 'engine/manifests/x.ts', "import { x } from 'execa'", 'may not import execa'],
    ['the clock', 'engine/api/x.ts', 'export const a = () => Date.now()', 'Date.now'],
    ['a date of now', 'engine/api/x.ts', 'export const a = () => new Date()', 'new Date'],
    [
      'the other clock',
      'engine/planner/x.ts',
      'export const a = () => Temporal.Now.instant()',
      'Temporal.Now',
    ],
    ['chance', 'engine/controllers/x.ts', 'export const a = () => Math.random()', 'Math.random'],
    [
      'chance of crypto',
      'engine/scheduler/x.ts',
      'export const a = () => crypto.randomUUID()',
      'crypto.randomUUID',
    ],
    [
      'the process',
      'engine/kubelet/x.ts',
      "export const a = () => process.env['A']",
      'process in a pure folder',
    ],
    ['printing', 'engine/proxy/x.ts', 'export const a = () => console.log(1)', 'console in a pure folder'],
    ['a promise', 'engine/api/x.ts', 'export async function a(b: Promise<1>) { return await b }', 'await'],
    ['a default export', 'engine/cli/x.ts', 'export default 1', 'default export'],
    ['a barrel', 'engine/cli/x.ts', "export { a } from './a.ts'\nexport * from './b.ts'", 'barrel'],
    [
      'a long function',
      'engine/cli/x.ts',
      `export function a() {\n${'  b()\n'.repeat(70)}}`,
      'a function of 72 lines',
    ],
  ]

  test.each(PLANTED)('%s', (_name, file, code, message) => {
    const messages = checkFile(file, code).violations.map((violation) => violation.message)
    expect(messages).toEqual([expect.stringContaining(message)])
  })

  test('and what only looks like one is not', () => {
    const code = `
      import type { A } from '../api/names.ts'
      /** Date.now() and process.env in a comment, \`Math.random()\` too */
      export const text = 'Date.now() process.exit() console.log()'
      export const a = (pod: A) => pod.process + pod.console.length
      export const b = { process: 1, console: 2 }
      export const c = Temporal.Instant.from('2026-01-01T00:00:00Z')
    `
    expect(checkFile('engine/kubelet/x.ts', code).violations).toEqual([])
  })
})
