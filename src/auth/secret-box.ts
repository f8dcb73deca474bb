import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

import { invariant } from '../lib/invariant.ts'

export const secretKeyBytes = 32
const ivBytes = 12
const tagBytes = 16

/**
 * Seals secrets that have to be readable again (SigV4 needs the very secret to verify with) by AES-256-GCM. What a
 * secret belongs to is bound in, so a sealed secret copied to another row does not open there.
 *
 * Sealed form: 12 bytes of nonce, 16 bytes of tag, then the ciphertext.
 */
export class SecretBox {
  readonly #key: Uint8Array

  constructor(key: Uint8Array) {
    invariant(key.length === secretKeyBytes, `a secret key has ${secretKeyBytes} bytes`)
    this.#key = key
  }

  seal(secret: string, owner: string): Uint8Array {
    const iv = randomBytes(ivBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv, { authTagLength: tagBytes })
    cipher.setAAD(Buffer.from(owner))
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
    return Buffer.concat([iv, cipher.getAuthTag(), text])
  }

  /** @throws SecretUnreadable when the key is another one, or the bytes were changed */
  open(sealed: Uint8Array, owner: string): string {
    try {
      const iv = sealed.subarray(0, ivBytes)
      const decipher = createDecipheriv('aes-256-gcm', this.#key, iv, { authTagLength: tagBytes })
      decipher.setAAD(Buffer.from(owner))
      decipher.setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes))
      const text = Buffer.concat([decipher.update(sealed.subarray(ivBytes + tagBytes)), decipher.final()])
      return text.toString('utf8')
    } catch (cause) {
      throw new SecretUnreadable(owner, { cause })
    }
  }
}

export class SecretUnreadable extends Error {
  override readonly name = 'SecretUnreadable'

  constructor(owner: string, options?: ErrorOptions) {
    super(`the secret of ${owner} cannot be read: it was sealed with another secret key`, options)
  }
}
