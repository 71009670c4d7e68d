import { describe, expect, it } from 'vitest'
import { clusterFirst, mergeDns, parseResolvConf, resolvConfText } from '../../engine/api/resolvConf.ts'

const HOST = `# made by somebody
domain old.test
nameserver 192.0.2.1
nameserver 192.0.2.2
search a.test   b.test
options ndots:5 timeout:2
options rotate
`

describe('a resolv.conf', () => {
  it('is read as the C library reads it: the last search counts, the rest adds up', () => {
    expect(parseResolvConf(HOST)).toEqual({
      nameservers: ['192.0.2.1', '192.0.2.2'],
      searches: ['a.test', 'b.test'],
      options: [{ name: 'ndots', value: '5' }, { name: 'timeout', value: '2' }, { name: 'rotate' }],
    })
  })

  it('gets additions without doubles, and an option of the same name is replaced', () => {
    const additions = {
      nameservers: ['192.0.2.2', '192.0.2.3', '192.0.2.4'],
      searches: ['b.test', 'c.test'],
      options: [{ name: 'ndots', value: '1' }],
    }
    expect(resolvConfText(mergeDns(parseResolvConf(HOST), additions))).toBe(
      'nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nsearch a.test b.test c.test\noptions ndots:1 timeout:2 rotate\n',
    )
  })

  it('of a pod whose names are the cluster’s first has the node’s search list after that, and nothing else of the node’s', () => {
    const cluster = {
      nameservers: ['10.96.0.10'],
      searches: ['default.svc.cluster.local', 'b.test'],
      options: [{ name: 'ndots', value: '5' }],
    }
    const node = { ...parseResolvConf(HOST), searches: ['a.test', 'b.test', '.'] }
    expect(resolvConfText(clusterFirst(cluster, node))).toBe(
      'nameserver 10.96.0.10\nsearch default.svc.cluster.local b.test a.test\noptions ndots:5\n',
    )
  })

  it('is empty when nothing is asked for', () => {
    expect(resolvConfText({ nameservers: [], searches: [], options: [] })).toBe('')
    expect(parseResolvConf('')).toEqual({ nameservers: [], searches: [], options: [] })
  })
})
