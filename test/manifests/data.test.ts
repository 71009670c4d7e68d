import { expect, test } from 'vitest'
import { linesOf, validOf } from './reading.ts'

function object(kind: string, rest: string): string {
  return `apiVersion: v1\nkind: ${kind}\nmetadata: {name: a}\n${rest}`
}

/** A ConfigMap or Secret, and all that is said of it. */
const CASES: readonly (readonly [title: string, kind: string, rest: string, lines: readonly string[]])[] = [
  [
    'a key that is no file name',
    'ConfigMap',
    'data: {a/b: x, ..a: z}\n',
    [
      `4:13: error: ConfigMap default/a: data[a/b]: the key "a/b" must consist of letters, digits, '-', '_' or '.'`,
      `4:21: error: ConfigMap default/a: data[..a]: the key "..a" must not start with '..'`,
    ],
  ],
  [
    'a key in both maps',
    'ConfigMap',
    'data: {a: x}\nbinaryData: {a: aGk=}\n',
    ['5:17: error: ConfigMap default/a: binaryData.a: the key a is in data too'],
  ],
  [
    'a number and a boolean',
    'ConfigMap',
    'data: {a: 1, b: on}\n',
    [
      '4:11: error: ConfigMap default/a: data.a: must be text, not the number 1 (put it in quotes)',
      '4:17: error: ConfigMap default/a: data.b: must be text, not the boolean true (put it in quotes: yes, no, on and off are booleans too)',
    ],
  ],
  [
    'too much in it',
    'ConfigMap',
    `data: {a: ${'x'.repeat(1_048_577)}}\n`,
    [
      '4:7: error: ConfigMap default/a: data: has 1048577 bytes of data, more than the 1048576 that one object may hold',
    ],
  ],
  [
    'text for base64',
    'Secret',
    'data: {a: s3cret!, b: aGk}\n',
    [
      '4:11: error: Secret default/a: data.a: must be base64 (write plain text under stringData instead)',
      '4:23: error: Secret default/a: data.b: must be base64 (write plain text under stringData instead)',
    ],
  ],
  [
    'numbers, which are not shown',
    'Secret',
    'data: {b: 777}\nstringData: {a: 12345}\n',
    [
      '4:11: error: Secret default/a: data.b: must be text, not a number (put it in quotes)',
      '5:17: error: Secret default/a: stringData.a: must be text, not a number (put it in quotes)',
    ],
  ],
  [
    'half of a TLS pair',
    'Secret',
    'type: kubernetes.io/tls\nstringData: {tls.crt: x}\n',
    ['1:1: error: Secret default/a: data[tls.key]: a Secret of type kubernetes.io/tls needs the key tls.key'],
  ],
  [
    'no login',
    'Secret',
    'type: kubernetes.io/basic-auth\n',
    [
      '1:1: error: Secret default/a: data: a Secret of type kubernetes.io/basic-auth needs the key username or password',
    ],
  ],
  [
    'a docker config that is none',
    'Secret',
    'type: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: "{"}\n',
    [
      '5:33: error: Secret default/a: stringData[.dockerconfigjson]: must be a JSON object, as docker keeps it in ~/.docker/config.json',
    ],
  ],
  [
    'no docker config',
    'Secret',
    'type: kubernetes.io/dockerconfigjson\n',
    [
      '1:1: error: Secret default/a: data[.dockerconfigjson]: a Secret of type kubernetes.io/dockerconfigjson needs the key .dockerconfigjson',
    ],
  ],
  [
    'a docker config',
    'Secret',
    'type: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: e30=}\n',
    [],
  ],
]

test.each(CASES)('a file with %s', (_, kind, rest, lines) => {
  expect(linesOf(object(kind, rest))).toEqual(lines.map((line) => `a.yaml:${line}`))
})

test('what a Secret holds stands in no diagnostic, whatever is wrong with it', () => {
  const wrong = [
    'data: {a: hunter2hunter2!}\n',
    'stringData: {a: {b: hunter2}}\n',
    'data: {a: [hunter2]}\n',
    'stringData: hunter2\n',
    'stringData: {a: !hunter2 }\n',
    'stringData: {a: *hunter2 }\n',
    'stringData:\n  a: |hunter2\n',
    'stringData:\n  a: @hunter2\n',
    'stringData: {a: "b" hunter2}\n',
  ]
  const lines = wrong.flatMap((rest) => linesOf(object('Secret', rest)))
  expect(lines).toHaveLength(wrong.length)
  expect(lines.filter((line) => line.includes('hunter2'))).toEqual([])
})

test('stringData becomes data and wins over it', () => {
  const text = object('Secret', 'data: {a: b2xk, b: "aG\\nk="}\nstringData: {a: "n\\u00e4w"}\n')
  const [secret] = [...validOf({ 'a.yaml': text }).objects.values()]
  expect(secret?.object).toEqual({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'a', namespace: 'default' },
    type: 'Opaque',
    data: { a: 'bsOkdw==', b: 'aGk=' },
  })
})
