import { expect, test } from 'vitest'
import { diagnosticText } from '../../engine/manifests/diagnostics.ts'
import { createManifestReader } from '../../engine/manifests/reader.ts'
import { allOf, linesOf, validOf } from './reading.ts'

function configMap(rest: string, name = 'a'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n${rest}`
}

const LEAVE_OUT = 'leave the file out with .reconcileignore if it is no manifest'
const TEMPLATE = 'it looks like a template; commit what it renders, such as the output of `helm template`'

/** A file `a.yaml`, and all that is said of it. */
const CASES: readonly (readonly [title: string, text: string, lines: readonly string[]])[] = [
  ['nothing in it', '', []],
  ['only comments and separators', '# a\n---\n# b\n---\n...\n', []],
  ['null in it', 'null\n', []],
  ['a byte order mark', `\uFEFF${configMap('data: {a: b}\n')}`, []],
  ['text in it', 'hello\n', ['1:1: error: a document must be an object, such as a Pod']],
  ['a list in it', '- a\n- b\n', ['1:1: error: a document must be an object, such as a Pod']],
  [
    'a broken document and a misspelt field in the next one',
    `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n   b: c\n---\n${configMap('dat: {}\n')}`,
    [
      '4:9: error: broken YAML: nested mappings are not allowed in compact mappings',
      '10:1: error: ConfigMap default/a: dat: unknown field (did you mean data?)',
    ],
  ],
  [
    'a tab',
    'apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n',
    ['4:1: error: broken YAML: tabs are not allowed as indentation'],
  ],
  ['an open quote', 'a: "b\nc: d\n', ['3:1: error: broken YAML: missing closing "quote']],
  [
    'a tag of its own',
    configMap('data: !vault {a: b}\n'),
    ['4:7: error: broken YAML: unresolved tag (put it in quotes if it is text)'],
  ],
  [
    'a template that is no YAML',
    'apiVersion: v1\n{{- if .Values.x }}\nkind: Pod\n{{- end }}\n',
    [`2:1: error: broken YAML: implicit keys need to be on a single line (${TEMPLATE})`],
  ],
  [
    'a template that happens to be YAML',
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n',
    [`4:10: error: Pod: metadata.name: a key must be text (${TEMPLATE})`],
  ],
  [
    'a key twice',
    configMap('data:\n  a: "1"\n  a: "2"\n'),
    ['6:3: error: ConfigMap default/a: data.a: the key a is written twice (keep one of them)'],
  ],
  [
    'a key twice, once without a value',
    configMap('data:\n  a:\n  a: "2"\n'),
    ['6:3: error: ConfigMap default/a: data.a: the key a is written twice (keep one of them)'],
  ],
  [
    'a field of the object twice',
    configMap('kind: ConfigMap\n'),
    ['4:1: error: ConfigMap default/a: kind: the key kind is written twice (keep one of them)'],
  ],
  [
    'a key that Kubernetes takes for a boolean',
    configMap('data:\n  on: "x"\n'),
    [
      '5:3: error: ConfigMap default/a: data: Kubernetes reads the key on as the boolean true (put it in quotes: "on")',
    ],
  ],
  [
    'a map as a key',
    configMap('data:\n  {a: b}: x\n'),
    ['5:3: error: ConfigMap default/a: data: a key must be text'],
  ],
  [
    'a key that would change what objects are',
    configMap('data:\n  __proto__: x\n'),
    ['5:3: error: ConfigMap default/a: data: the key __proto__ is not accepted'],
  ],
  [
    'an alias of nothing',
    configMap('data: *x\n'),
    [
      '4:7: error: ConfigMap default/a: data: there is no anchor before this alias (put it in quotes if it is text)',
    ],
  ],
  [
    'an alias of another document',
    `data: &d {a: x}\n---\n${configMap('data:\n  <<: *d\n')}`,
    [
      `1:1: error: this is no Kubernetes object: it has neither apiVersion nor kind (${LEAVE_OUT})`,
      '7:7: error: ConfigMap default/a: data: there is no anchor before this alias (put it in quotes if it is text)',
    ],
  ],
  [
    'an alias inside of itself',
    configMap('data: &d {a: *d}\n'),
    ['4:14: error: ConfigMap default/a: data.a.a: the alias *d stands inside of what it names'],
  ],
  [
    'a merge of text',
    configMap('data: {<<: x}\n'),
    ['4:12: error: ConfigMap default/a: data: the merge key << takes a map or a list of maps'],
  ],
  [
    'a List with errors',
    'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n  dat: {}\n- x\n',
    [
      '7:3: error: ConfigMap default/a: dat: unknown field (did you mean data?)',
      '8:3: error: an item of a List must be an object',
    ],
  ],
  [
    'JSON with an error',
    '{\n\t"apiVersion": "v1",\n\t"kind": "ConfigMap",\n\t"metadata": {"name": "a"},\n\t"dta": {}\n}\n',
    ['5:2: error: ConfigMap default/a: dta: unknown field (did you mean data?)'],
  ],
]

test.each(CASES)('a file with %s', (_, text, lines) => {
  expect(linesOf(text)).toEqual(lines.map((line) => `a.yaml:${line}`))
})

const BYTES: readonly (readonly [title: string, content: Uint8Array, line: string])[] = [
  [
    'is an image',
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 1),
    'the file is binary (leave it out with .reconcileignore if it is no manifest)',
  ],
  [
    'is in Latin-1',
    Uint8Array.of(0x61, 0x3a, 0x20, 0xe9),
    'the file is not valid UTF-8 (leave it out with .reconcileignore if it is no manifest)',
  ],
  [
    'holds a NUL',
    Uint8Array.of(0x61, 0x3a, 0x20, 0x00),
    'the file is binary (leave it out with .reconcileignore if it is no manifest)',
  ],
  [
    'is a Git LFS pointer',
    new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'),
    'the file is a pointer of Git LFS, not the manifest itself (keep manifests in Git itself)',
  ],
  [
    'is too large',
    new Uint8Array(8 * 1024 * 1024 + 1),
    'the file has 8388609 bytes, more than the 8388608 that a manifest may have (split it into several files)',
  ],
]

test.each(BYTES)('a file that %s is refused as that', (_, content, line) => {
  const result = createManifestReader().read([{ path: 'a.yaml', content }], { mode: 'commit' })
  expect(allOf(result).map(diagnosticText)).toEqual([`a.yaml:1:1: error: ${line}`])
})

test('a bomb of aliases ends at once, with one error', () => {
  const levels = 'abcdefghijkl'
  const bomb = [...levels].map(
    (level, at) =>
      `${level}: &${level} [${Array(10)
        .fill(at === 0 ? 'x' : `*${levels[at - 1]}`)
        .join(',')}]`,
  )
  expect(linesOf(`${bomb.join('\n')}\n`)).toEqual([
    expect.stringContaining(
      "the document's aliases unfold to more than 20000 values (write it with fewer aliases)",
    ),
  ])
})

const DEEP: readonly (readonly [title: string, text: string, message: string])[] = [
  ['brackets', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, 'broken YAML: it is nested too deep'],
  [
    'maps',
    Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
    'broken YAML: it is nested too deep',
  ],
  [
    'a hundred levels and one',
    configMap(`data:\n  a: ${'['.repeat(101)}${']'.repeat(101)}\n`),
    'ConfigMap default/a: is nested deeper than 100 levels',
  ],
]

test.each(DEEP)('nesting too deep is one error: %s', (_, text, message) => {
  expect(linesOf(text)).toEqual([
    expect.stringMatching(new RegExp(`^a\\.yaml:\\d+:\\d+: error: ${message}$`)),
  ])
})

test('a file of nothing but errors tells the first two hundred', () => {
  const documents = Array.from({ length: 250 }, (_, index) => configMap('dat: {}\n', `a-${index}`))
  const lines = linesOf(documents.join('---\n'))
  expect(lines).toHaveLength(201)
  expect(lines.at(-1)).toBe('a.yaml:1250:1: error: and 50 more in this file')
})

test('anchors, aliases and merge keys are unfolded, and what is written wins over what is merged', () => {
  const text = configMap('data: {<<: [{a: first, b: first}, {b: second, c: second}], a: written, d: }\n')
  const [object] = [...validOf({ 'a.yaml': text }).objects.values()]
  expect(object?.written).toMatchObject({ data: { a: 'written', b: 'first', c: 'second' } })
  const aliased =
    configMap('data: &d {a: x}\nbinaryData: {}\n') + '---\n' + configMap('data: {a: &x "1", b: *x}\n', 'b')
  expect([...validOf({ 'a.yaml': aliased }).objects.values()].map(({ written }) => written)).toMatchObject([
    { data: { a: 'x' } },
    { data: { a: '1', b: '1' } },
  ])
})

test('a List and a typed list give their items, each with its own place', () => {
  const list = `apiVersion: v1\nkind: List\nitems:\n- ${configMap('').replaceAll('\n', '\n  ')}\n- kind: ConfigMapList\n  apiVersion: v1\n  items:\n  - metadata: {name: b}\n`
  const { objects } = validOf({ 'a.yaml': list })
  expect([...objects.values()].map(({ key, position }) => [key, position])).toEqual([
    ['ConfigMap/default/a', { file: 'a.yaml', line: 4, column: 3 }],
    ['ConfigMap/default/b', { file: 'a.yaml', line: 11, column: 5 }],
  ])
})

test('KYAML is read as the YAML that it is', () => {
  const kyaml = `---
{
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name: "a", # with a comment
  },
  data: {
    a: "no",
    "yes": "1",
  },
}
`
  expect([...validOf({ 'a.yaml': kyaml }).objects.values()][0]?.written).toMatchObject({
    data: { a: 'no', yes: '1' },
  })
})
