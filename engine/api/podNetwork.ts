/** Where a node of several is on the network, as it says itself. */
export interface NodeNetwork {
  /** Its part of the pods' range, which no other node has: `10.244.1.0/24`, one of each family at the most. */
  readonly podCIDR: string
  /** That other nodes send to. */
  readonly address: string
  /** Of the link that has it: `192.0.2.11/24`, whatever the family. Who is in them needs no router in between. */
  readonly networks: readonly string[]
  readonly mtuBytes: number
  /** Absent: the Cluster asks for no encryption, as far as this node was told. */
  readonly wireguard?: NodeWireguard
}

/** Of a node that is to encrypt what its pods send to those of others. */
export interface NodeWireguard {
  /** Of all nodes' pods. */
  readonly clusterCIDR: string
  /** Of the key that the node has made for itself; absent: it has none yet. */
  readonly publicKey?: string
  /** What it misses to have one, with the command that installs it. */
  readonly lack?: string
}

/** How the pods of one node reach those of the others. Plain data, sorted. */
export interface PodNetwork {
  /** Each other node is known. If not, what leads to those that are not stays as it is. */
  readonly isWhole: boolean
  /** Of the pods' links: what passes on every way between two nodes. */
  readonly mtuBytes: number
  /** Its own pods' part. */
  readonly podCIDR: string
  /** Its own end of all tunnels; absent: no node is beyond a router. */
  readonly tunnel?: TunnelEnd
  /** Of all pods: what goes there from this machine, or comes from there, goes by WireGuard or not at all. Absent: nothing is encrypted. */
  readonly sealed?: string
  /** By range. */
  readonly peers: readonly PodPeer[]
  /** Why some node cannot be reached, a sentence each. */
  readonly lacks: readonly string[]
}

/** One family of another node's pods. */
export interface PodPeer {
  /** `10.244.2.0/24` */
  readonly range: string
  /** The next hop: the other node's own address; with a tunnel the one that its end of the tunnel has. Absent: WireGuard knows no hops. */
  readonly via?: string
  /** The tunnel's other end; absent: both share a link. */
  readonly tunnel?: TunnelEnd
  /** In place of a link or tunnel. */
  readonly wireguard?: WireguardEnd
}

export interface WireguardEnd {
  /** Of the machine. */
  readonly address: string
  readonly publicKey: string
}

export interface TunnelEnd {
  /** Of the machine. */
  readonly address: string
  /** What stands for it on the tunnel's link, which looks like one of Ethernet. */
  readonly mac: string
}
