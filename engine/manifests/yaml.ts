import { type Document, parseAllDocuments, type ScalarTag, type Tags } from 'yaml'

/**
 * YAML as Kubernetes reads it. kubectl and the API server use go-yaml v2, which is YAML 1.1 where people notice:
 * `defaultMode: 0644` is octal and `command: [redis, --appendonly, no]` ends in a boolean (an error, "put it in quotes",
 * there and here). A manifest that works here must work there, so the scalars follow go-yaml's resolve.go; what that
 * leaves out of YAML 1.1 (times, base 60) stays text here too.
 */
const TRUE = /^(?:true|True|TRUE|y|Y|yes|Yes|YES|on|On|ON)$/
const FALSE = /^(?:false|False|FALSE|n|N|no|No|NO|off|Off|OFF)$/

const bool: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(?:true|True|TRUE|y|Y|yes|Yes|YES|on|On|ON|false|False|FALSE|n|N|no|No|NO|off|Off|OFF)$/,
  resolve: (text, onError) => {
    if (!TRUE.test(text) && !FALSE.test(text)) onError('is no boolean')
    return TRUE.test(text)
  },
}

const int: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:int',
  test: /^[-+]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|[0-9][0-9_]*)$/,
  resolve: (text) => integer(text.replaceAll('_', '')),
}

function integer(text: string): number | string {
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.replace(/^[-+]/, '')
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits
  const value = Number(octal)
  return Number.isFinite(value) ? sign * value : text
}

const float: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/,
  // A commit's short id such as 12e345678 looks like a number past all bounds: text, for go-yaml too.
  resolve: (text) => (Number.isFinite(Number(text)) ? Number(text) : text),
}

const REPLACED = new Set(['tag:yaml.org,2002:bool', 'tag:yaml.org,2002:int', 'tag:yaml.org,2002:float'])

function withGoScalars(tags: Tags): Tags {
  const kept = tags.filter((tag) => typeof tag === 'string' || !REPLACED.has(tag.tag))
  return [...kept, bool, int, float]
}

/** Duplicate keys are found while values are read, in one pass and in linear time; the library compares all with all. */
const OPTIONS = {
  customTags: withGoScalars,
  prettyErrors: false,
  schema: 'core',
  uniqueKeys: false,
} as const

export type Documents =
  | { readonly kind: 'documents'; readonly documents: readonly Document.Parsed[] }
  /** Nested so deep that the parser gave up. */
  | { readonly kind: 'tooDeep' }

export function parseDocuments(text: string): Documents {
  try {
    const documents = parseAllDocuments(text, OPTIONS)
    return { kind: 'documents', documents: Array.isArray(documents) ? documents : [] }
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'tooDeep' }
    throw error
  }
}
