import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { copyFile, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Plugin, rolldown } from 'rolldown'

/**
 * Puts the engine and its packages into one file beside the compile cache: Node then reads one module instead of some 350.
 * engine/main.ts takes it for as long as no source is newer (docs/decisions/004). What starts it is bundleStart.ts.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
/** Another folder may be named, to look at what is made. */
const [, , target = `${root}node_modules/.cache/reconcile/bundle`] = process.argv

/**
 * Those of Node's own modules that Node does not load for itself, each a file or a dozen of them: 30 ms of a start. The engine has all of
 * them, a run few.
 */
const LOADED_LATE: ReadonlySet<string> = new Set([
  'node:child_process',
  'node:crypto',
  'node:http',
  'node:http2',
  'node:net',
  'node:path/win32',
  'node:perf_hooks',
  'node:readline',
  'node:stream/consumers',
  'node:timers/promises',
  'node:tty',
  'node:v8',
])

/** In their place stands an object that loads the module when the first of its parts is asked for. */
const builtinsAtFirstUse: Plugin = {
  name: 'builtins-at-first-use',
  resolveId: (id) => (LOADED_LATE.has(id) ? { id: `\0${id}`, external: false } : null),
  load: (id) => {
    const module = id.replace('\0', '')
    if (!LOADED_LATE.has(module)) return null
    const names = Object.getOwnPropertyNames(process.getBuiltinModule(module))
    return `let module
const load = () => module ??= process.getBuiltinModule(${JSON.stringify(module)})
for (const name of ${JSON.stringify(names)})
  Object.defineProperty(exports, name, { enumerable: true, get: () => load()[name] })`
  },
}

/**
 * The others by their objects. An `import` would read all that each of them exports, at every start, and load what stands behind its getters.
 */
function builtinsByObject(code: string): string {
  return code.replaceAll(/^import (.+) from "(node:[a-z0-9_/]+)";$/gm, byObject)
}

/** With one letter of another kind Node would keep all of the text with two bytes a letter, and take four times as long to read it. */
function asciiOnly(code: string): string {
  return code.replaceAll(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** `import a, { b as c } from "node:x"` or `import * as a from "node:x"`, as the object's destructuring. */
function byObject(_line: string, names: string, module: string): string {
  const object = `process.getBuiltinModule("${module}")`
  const [, whole, , parts] = /^(?:\* as )?([\w$]+)?(, )?(\{.+\})?$/.exec(names) ?? []
  if (whole === undefined && parts === undefined)
    throw new Error(`bundling: no way is known to write: import ${names} from ${module}`)
  return [
    ...(whole === undefined ? [] : [`const ${whole} = ${object};`]),
    ...(parts === undefined ? [] : [`const ${parts.replaceAll(' as ', ': ')} = ${object};`]),
  ].join(' ')
}

/** The text of a function to be called with the bundle's URL: bundleStart.ts runs it as a script, which V8 keeps more of than of a module. */
function asScript(code: string): string {
  const body = code
    .replace(/^#!.*\n/, '')
    .replace(/^export \{\};$/m, '')
    .replaceAll('import.meta.url', 'moduleUrl')
    // As `pifeForModuleWrappers`, which is not for CommonJS.
    .replaceAll('__commonJSMin(((', '__commonJSMin((0, (')
  return `'use strict';(async (moduleUrl) => {\n${body}\n})\n`
}

async function textOf(input: string, define: Readonly<Record<string, string>> = {}): Promise<string> {
  const build = await rolldown({
    input,
    platform: 'node',
    plugins: [builtinsAtFirstUse],
    transform: { define },
    // A function in parentheses is compiled before it is called: here each module, and most runs come to few.
    optimization: { pifeForModuleWrappers: false },
    // The shell's lines at the head of the engine are taken for a directive.
    checks: { moduleLevelDirective: false },
  })
  // One file: a daemon that runs for months imports late, and must not find another version's parts then.
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  return asciiOnly(builtinsByObject(output[0].code))
}

async function bundle(): Promise<void> {
  const began = new Date()
  const making = `${target}-${process.pid}`
  await mkdir(making, { recursive: true })
  try {
    const engine = asScript(await textOf(`${root}engine/main.ts`))
    // By its content's hash: what V8 made of it is kept beside it by the same name, and must never be taken for another's.
    const name = `engine-${hash('sha256', engine).slice(0, 16)}`
    await writeFile(`${making}/${name}.js`, engine)
    // .mjs: of a .js file here Node would find out from its text that it is a module.
    const start = await textOf(`${root}scripts/bundleStart.ts`, { ENGINE: JSON.stringify(name) })
    await writeFile(`${making}/main.mjs`, start)
    await copyFile(`${root}engine/runtimes/oci/hook/hook.sh`, `${making}/hook.sh`)
    await copyFile(`${root}engine/transport/lane.pl`, `${making}/lane.pl`)
    for (const name of ['account.pl', 'files.pl', 'trees.pl', 'beneath.pl', 'ways.pl'])
      await copyFile(`${root}engine/transport/ssh/${name}`, `${making}/${name}`)
    // A source that is saved while it is being read here is newer than this.
    await utimes(`${making}/main.mjs`, began, began)
    await rm(target, { recursive: true, force: true })
    await rename(making, target)
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

/** The shortest of those that start as a daemon does, and of all others: what V8 has made of the bundle is there for the first run of each. */
async function warmUp(): Promise<void> {
  for (const word of ['--help', 'help']) await promisify(execFile)(`${root}engine/main.ts`, [word])
}

await bundle()
if (process.argv[2] === undefined) await warmUp()
