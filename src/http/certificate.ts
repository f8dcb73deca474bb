import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'

import type { Logger } from 'pino'

/** Paths of PEM files: a certificate with the chain that leads up from it, and its private key. */
export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

/** PEM, under the names that Node has for them. */
export interface CertificatePair {
  readonly cert: string
  readonly key: string
}

/** Files that HTTPS cannot be served with. */
export class CertificateInvalid extends Error {
  override readonly name = 'CertificateInvalid'
}

/** @throws CertificateInvalid */
export async function loadCertificate(files: CertificateFiles): Promise<CertificatePair> {
  const pair = await read(files)
  validityOf(pair, files)
  return pair
}

/** Gives a server what the files hold, again and again. What cannot be used is logged, and changes nothing. */
export class CertificateReloader {
  readonly #files: CertificateFiles
  readonly #server: { setSecureContext(pair: CertificatePair): void }
  readonly #logger: Logger
  /** What was found when the files were last looked at: a pair, good or bad, or why there was none. */
  #seen: CertificatePair | string

  constructor(parts: {
    files: CertificateFiles
    /** What the server was made with. */
    loaded: CertificatePair
    server: { setSecureContext(pair: CertificatePair): void }
    logger: Logger
  }) {
    this.#files = parts.files
    this.#seen = parts.loaded
    this.#server = parts.server
    this.#logger = parts.logger
  }

  async reload(): Promise<void> {
    this.#use(await this.#look())
  }

  /** Compares contents rather than dates, which a link that was turned to other files may not show. */
  async reloadIfChanged(): Promise<void> {
    const found = await this.#look()
    if (!isDeepStrictEqual(found, this.#seen)) this.#use(found)
  }

  async #look(): Promise<CertificatePair | string> {
    try {
      return await read(this.#files)
    } catch (error) {
      return (error as CertificateInvalid).message
    }
  }

  #use(found: CertificatePair | string): void {
    this.#seen = found
    try {
      if (typeof found === 'string') throw new CertificateInvalid(found)
      const validity = validityOf(found, this.#files)
      this.#server.setSecureContext(found)
      this.#logger.info(validity, 'the certificate was read again and is in use')
    } catch (err) {
      this.#logger.error({ err }, 'the certificate was read again and cannot be used; the one before stays')
    }
  }
}

async function read({ certificate, key }: CertificateFiles): Promise<CertificatePair> {
  try {
    const [certPem, keyPem] = await Promise.all([readFile(certificate, 'utf8'), readFile(key, 'utf8')])
    return { cert: certPem, key: keyPem }
  } catch (cause) {
    // Node's message has the path.
    throw new CertificateInvalid((cause as Error).message, { cause })
  }
}

/** Whose certificate it is and until when. It and the key are what they should be, and belong together, or this throws. */
function validityOf(pair: CertificatePair, files: CertificateFiles): { subject: string; validTo: string } {
  const certificate = parsed(files.certificate, () => new X509Certificate(pair.cert))
  const key = parsed(files.key, () => createPrivateKey(pair.key))
  if (!certificate.checkPrivateKey(key)) {
    throw new CertificateInvalid(`${files.key} is not the key of ${files.certificate}`)
  }
  // Reads the rest of the chain.
  parsed(files.certificate, () => createSecureContext(pair))
  return { subject: certificate.subject, validTo: certificate.validTo }
}

function parsed<T>(path: string, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw new CertificateInvalid(`${path} cannot be used: ${(cause as Error).message}`, { cause })
  }
}
