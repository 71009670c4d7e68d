import { copyFile, mkdir, rename, rm, utimes } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Plugin, rolldown } from 'rolldown'

/**
 * Puts the engine and its packages into one file beside the compile cache: Node then reads one module instead of some 350.
 * engine/main.ts takes it for as long as no source is newer (docs/decisions/004).
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const cache = `${root}node_modules/.cache/reconcile`

/**
 * Node's own modules by their objects. An `import` would read all that each of them exports, at every start, and load what stands behind
 * its getters: node:http's are undici's WebSocket and EventSource. That was 60 of the 100 ms that a start took.
 */
const builtinsByObject: Plugin = {
  name: 'builtins-by-object',
  renderChunk: (code) => code.replaceAll(/^import (.+) from "(node:[a-z0-9_/]+)";$/gm, byObject),
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

async function bundle(): Promise<void> {
  const began = new Date()
  const making = `${cache}/bundle-${process.pid}`
  await mkdir(making, { recursive: true })
  try {
    const engine = await rolldown({
      input: `${root}engine/main.ts`,
      platform: 'node',
      plugins: [builtinsByObject],
      // The shell's lines at the head of the entry are taken for a directive.
      checks: { moduleLevelDirective: false },
    })
    // .mjs: of a .js file here Node would find out from its text, all of it, that it is a module.
    // One file: a daemon that runs for months imports late, and must not find another version's parts then.
    await engine.write({ file: `${making}/main.mjs`, format: 'esm', codeSplitting: false })
    await copyFile(`${root}engine/runtimes/oci/hook/hook.sh`, `${making}/hook.sh`)
    await copyFile(`${root}engine/transport/lane.pl`, `${making}/lane.pl`)
    // A source that is saved while it is being read here is newer than this.
    await utimes(`${making}/main.mjs`, began, began)
    await rm(`${cache}/bundle`, { recursive: true, force: true })
    await rename(making, `${cache}/bundle`)
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

await bundle()
