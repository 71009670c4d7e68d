import { parseAst } from 'rolldown/parseAst'

/** The rules of the house, as data and one function, so that a test can hold the rules against planted violations too. */

export interface Violation {
  readonly file: string
  readonly line: number
  readonly message: string
}

export interface FileReport {
  readonly violations: readonly Violation[]
  readonly lines: number
  readonly longestFunction: number
}

const PURE_LEAVES = ['manifests', 'controllers', 'scheduler', 'kubelet', 'proxy']
const PURE = new Set(['api', 'planner', ...PURE_LEAVES])
const PLANNER = ['api', 'controllers', 'scheduler', 'kubelet', 'proxy']
const RECONCILER = [...PLANNER, 'manifests', 'planner', 'source', 'transport', 'runtimes']

/** Which folder of engine/ may import which others; itself always. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  api: [],
  transport: [],
  source: [],
  ...Object.fromEntries(PURE_LEAVES.map((folder) => [folder, ['api']])),
  planner: PLANNER,
  // proxy's languages, nft's among them, are spoken where a node is driven: what a node is asked for is data without them
  runtimes: ['api', 'transport', 'proxy'],
  reconciler: RECONCILER,
  daemon: ['api', 'source', 'manifests', 'planner', 'runtimes', 'transport', 'reconciler'],
  cli: [...RECONCILER, 'reconciler', 'daemon'],
  'main.ts': [...RECONCILER, 'reconciler', 'daemon', 'cli'],
}

const IMPURE_PACKAGES = ['execa', 'simple-git', 'chokidar']
/**
 * Packages that can do more than is wanted of them, each with the one file that holds them back: croner starts timers and looks at the clock;
 * prom-client is large, and wanted only by an engine that is to be asked over http.
 */
const CONFINED: Readonly<Record<string, string>> = {
  croner: 'engine/api/schedule.ts',
  'prom-client': 'engine/daemon/metrics/registry.ts',
}
/** Names of the global scope that look at the world. */
const IMPURE_NAMES = new Set([
  'process',
  'console',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'fetch',
  'performance',
])
/** `object.property`, read or called. */
const IMPURE_MEMBERS = new Set([
  'Date.now',
  'Temporal.Now',
  'Math.random',
  'crypto.randomUUID',
  'crypto.getRandomValues',
  'crypto.randomBytes',
])
export const FUNCTION_LINES_MAX = 70

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

export function checkFile(file: string, text: string): FileReport {
  const folder = file.split('/')[1] ?? ''
  const lineOf = lineFinder(text)
  const violations: Violation[] = []
  let longestFunction = 0
  const add = (node: Node, message: string): void => {
    violations.push({ file, line: lineOf(node.start), message })
  }
  walk(parse(text), undefined, (node, parent) => {
    const from = importedBy(node)
    if (from !== undefined) for (const message of importProblems(file, folder, from)) add(node, message)
    if (PURE.has(folder)) for (const message of impurities(node, parent)) add(node, message)
    if (node.type === 'ExportDefaultDeclaration') add(node, 'a default export has no name to search for')
    if (isFunction(node)) {
      const lines = lineOf(node.end) - lineOf(node.start) + 1
      longestFunction = Math.max(longestFunction, lines)
      if (lines > FUNCTION_LINES_MAX)
        add(node, `a function of ${lines} lines, more than ${FUNCTION_LINES_MAX}`)
    }
  })
  if (isBarrel(text))
    violations.push({ file, line: 1, message: 'a file that only exports what others have is a barrel' })
  return { violations, lines: lineOf(text.length), longestFunction }
}

function parse(text: string): Node {
  const tree: unknown = parseAst(text.replace(/^#!.*/, ''), { lang: 'ts' })
  if (!isNode(tree)) throw new Error('the parser gave no tree')
  return tree
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function walk(
  node: Node,
  parent: Node | undefined,
  visit: (node: Node, parent: Node | undefined) => void,
): void {
  visit(node, parent)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, node, visit)
  }
}

function importedBy(node: Node): string | undefined {
  const imports = [
    'ImportDeclaration',
    'ImportExpression',
    'ExportNamedDeclaration',
    'ExportAllDeclaration',
    'TSImportType',
  ]
  if (!imports.includes(node.type)) return undefined
  const source = node['source'] ?? node['argument']
  return isNode(source) && typeof source['value'] === 'string' ? source['value'] : undefined
}

function importProblems(file: string, folder: string, from: string): readonly string[] {
  if (!from.startsWith('.')) {
    const impure = from.startsWith('node:') || IMPURE_PACKAGES.includes(from.split('/')[0] ?? '')
    const only = CONFINED[from]
    if (only !== undefined && only !== file) return [`${from} may be imported by ${only} alone`]
    return impure && PURE.has(folder) ? [`${folder}/ is pure and may not import ${from}`] : []
  }
  const path = new URL(from, `file:///${file}`).pathname.slice(1)
  if (!path.startsWith('engine/')) return path === 'package.json' ? [] : [`engine/ may not import ${path}`]
  const other = path.split('/')[1] ?? ''
  const allowed = MAY_IMPORT[folder]
  if (allowed === undefined) return [`${folder} has no line in the table of imports`]
  return other === folder || allowed.includes(other) ? [] : [`${folder} may not import ${other}`]
}

function impurities(node: Node, parent: Node | undefined): readonly string[] {
  if (node.type === 'MemberExpression') {
    const text = `${nameOf(node['object'])}.${nameOf(node['property'])}`
    return IMPURE_MEMBERS.has(text) ? [`${text} in a pure folder`] : []
  }
  if (node.type === 'NewExpression' && nameOf(node['callee']) === 'Date') return ['new Date in a pure folder']
  if (node.type === 'AwaitExpression') return ['await in a pure folder']
  const isReference = node.type === 'Identifier' && !isPropertyName(node, parent)
  return isReference && IMPURE_NAMES.has(nameOf(node)) ? [`${nameOf(node)} in a pure folder`] : []
}

function isPropertyName(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return false
  if (parent.type === 'MemberExpression') return parent['property'] === node && parent['computed'] !== true
  return parent['key'] === node && parent['shorthand'] !== true
}

function nameOf(node: unknown): string {
  return isNode(node) && typeof node['name'] === 'string' ? node['name'] : ''
}

function isFunction(node: Node): boolean {
  return ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type)
}

function isBarrel(text: string): boolean {
  const body = parse(text)['body']
  if (!Array.isArray(body) || body.length === 0) return false
  return body.every((node) => isNode(node) && node.type.startsWith('Export') && isNode(node['source']))
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [...text.matchAll(/\n/g)].map((match) => match.index)
  return (offset) => starts.filter((start) => start < offset).length + 1
}
