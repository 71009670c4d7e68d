import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

export function sha256Hex(content: string | Uint8Array): string {
  return bytesToHex(sha256(typeof content === 'string' ? new TextEncoder().encode(content) : content))
}

export function digestText(content: string | Uint8Array): string {
  return `sha256:${sha256Hex(content)}`
}

/** The hex digits of a checked digest: safe as a file's name. */
export function digestHex(digest: string): string {
  return digest.slice('sha256:'.length)
}

/**
 * A layer's folder: half of the digest is enough to tell layers apart, and overlayfs takes all the folders of an image in
 * one mount option of at most a page, so every letter counts (45 layers with the whole digest, 70 with the half).
 */
export function layerName(diffId: string): string {
  return digestHex(diffId).slice(0, 32)
}
