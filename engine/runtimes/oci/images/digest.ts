import { hash } from 'node:crypto'

export function sha256Hex(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex')
}

export function digestText(content: string | Uint8Array): string {
  return `sha256:${sha256Hex(content)}`
}

/** The hex digits of a checked digest: safe as a file's name. */
export function digestHex(digest: string): string {
  return digest.slice('sha256:'.length)
}

/**
 * A layer's folder: 132 bits of the digest are enough to tell layers apart, and overlayfs takes all the folders of an
 * image in one page of mount options, so every letter counts: an image may have 127 layers, and 4,096 / 127 is 32.
 */
export function layerName(diffId: string): string {
  return Buffer.from(digestHex(diffId), 'hex').toString('base64url').slice(0, 22)
}
