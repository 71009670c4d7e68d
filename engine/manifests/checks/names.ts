/** Kubernetes' rules for names, as sentences: undefined when the name is good. After apimachinery's validation package. */

const LABEL_MAX = 63
const SUBDOMAIN_MAX = 253

export type NameRule = (name: string) => string | undefined

export function dnsLabel(name: string): string | undefined {
  if (name.length > LABEL_MAX) return atMost(LABEL_MAX)
  if (/^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(name)) return undefined
  return "must consist of lower case letters, digits or '-', and start and end with a letter or digit"
}

/** What a Service may be called: a label that starts with a letter. */
export function dns1035Label(name: string): string | undefined {
  if (name.length > LABEL_MAX) return atMost(LABEL_MAX)
  if (/^[a-z](?:[-a-z0-9]*[a-z0-9])?$/.test(name)) return undefined
  return "must consist of lower case letters, digits or '-', start with a letter and end with a letter or digit"
}

export function dnsSubdomain(name: string): string | undefined {
  if (name.length > SUBDOMAIN_MAX) return atMost(SUBDOMAIN_MAX)
  if (/^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(name)) return undefined
  return "must consist of lower case letters, digits, '-' or '.', and start and end with a letter or digit"
}

/** A key of labels and annotations: `name` or `prefix.example/name`. */
export function qualifiedName(key: string): string | undefined {
  const parts = key.split('/')
  if (parts.length > 2) return "must be a name, or a DNS name and a name with one '/' between"
  const name = parts.at(-1) ?? ''
  const prefix = parts.length === 2 ? (parts[0] ?? '') : undefined
  if (prefix === '') return "has nothing before the '/'"
  const ofPrefix = prefix === undefined ? undefined : dnsSubdomain(prefix)
  if (ofPrefix !== undefined) return `has a part before the '/' that ${ofPrefix}`
  if (name === '') return 'must not be empty'
  if (name.length > LABEL_MAX) return atMost(LABEL_MAX)
  return /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(name)
    ? undefined
    : "must consist of letters, digits, '-', '_' or '.', and start and end with a letter or digit"
}

export function labelValue(value: string): string | undefined {
  if (value.length > LABEL_MAX) return atMost(LABEL_MAX)
  return /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/.test(value)
    ? undefined
    : "must be empty or consist of letters, digits, '-', '_' or '.', and start and end with a letter or digit"
}

/** The name of a port, after RFC 6335. */
export function portName(name: string): string | undefined {
  if (name.length > 15) return atMost(15)
  if (!/^[a-z0-9-]+$/.test(name)) return "must consist of lower case letters, digits or '-'"
  if (!/[a-z]/.test(name)) return 'must hold at least one letter'
  if (name.includes('--')) return "must not hold '--'"
  return name.startsWith('-') || name.endsWith('-') ? "must not start or end with '-'" : undefined
}

/** Kubernetes takes any printable ASCII but '='. */
export function variableName(name: string): string | undefined {
  if (name === '') return 'must not be empty'
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(name)
    ? undefined
    : "must consist of printable ASCII characters other than '='"
}

/** A key of a ConfigMap or Secret: it may become a file's name. */
export function dataKey(key: string): string | undefined {
  if (key.length > SUBDOMAIN_MAX) return atMost(SUBDOMAIN_MAX)
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) return "must consist of letters, digits, '-', '_' or '.'"
  if (key === '.') return "must not be '.'"
  return key.startsWith('..') ? "must not start with '..'" : undefined
}

function atMost(characters: number): string {
  return `must be no more than ${characters} characters`
}
