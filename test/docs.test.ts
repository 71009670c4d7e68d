import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../engine/cli/commands.ts'
import { diagnosticText } from '../engine/manifests/diagnostics.ts'
import { createManifestReader } from '../engine/manifests/reader.ts'

const ROOT = new URL('../', import.meta.url).pathname
const FILES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) => `docs/${path}`),
].filter((path) => path.endsWith('.md'))

describe.each(FILES.toSorted())('%s', (file) => {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const prose = text.replaceAll(/^```[^]*?^```$/gm, '')

  test('its links lead somewhere', () => {
    const links = [...prose.matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, link = '']) => link)
    expect(links.filter((link) => !leadsSomewhere(file, link))).toEqual([])
  })

  test('files of the repository that it names are there', () => {
    const named = [...prose.matchAll(/`((?:engine|test|docs|schemas|scripts|bench|examples)\/[\w./-]*)`/g)]
    const paths = named.map(([, path = '']) => path)
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  test('manifests in it are valid', () => {
    const blocks = [...text.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, block = '']) => block)
    const problems = blocks.flatMap((block, index) => {
      const content = Buffer.from(block)
      const result = createManifestReader().read([{ path: `${index}.yaml`, content }], { mode: 'files' })
      return result.kind === 'invalid' ? result.errors.map(diagnosticText) : []
    })
    expect(problems).toEqual([])
  })

  test('commands in it are there', () => {
    const known = new Set(COMMANDS.map(({ name }) => name))
    const lines = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block = '']) => block.split('\n'))
    const used = lines.flatMap((line) => /^(?:npx )?reconcile ([a-z]+(?:-[a-z]+)*)/.exec(line)?.[1] ?? [])
    expect(used.filter((command) => !known.has(command))).toEqual([])
    const scripts = lines.flatMap((line) => /^npm run ([\w:]+)/.exec(line)?.[1] ?? [])
    expect(scripts.filter((script) => !SCRIPTS.includes(script))).toEqual([])
  })
})

const SCRIPTS = Object.keys(
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly scripts: object }).scripts,
)

function leadsSomewhere(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? from : join(dirname(from), path)
  if (!existsSync(join(ROOT, target))) return false
  return anchor === undefined || anchorsOf(target).includes(anchor)
}

/** As GitHub makes them from headings. */
function anchorsOf(file: string): readonly string[] {
  const headings = readFileSync(join(ROOT, file), 'utf8').matchAll(/^#+ (.*)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )
}
