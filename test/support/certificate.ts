import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface TestCertificate {
  /** PEM. A client that has it as its only authority trusts it, and nothing else. */
  readonly cert: string
  readonly key: string
}

/** A certificate for 127.0.0.1 and `localhost`, signed with its own key, valid now. */
export function generateCertificate(): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(set(sequence(objectId('550403'), der(0x0c, Buffer.from('localhost')))))
  const unsigned = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    ...[name, sequence(utcTime(-day), utcTime(365 * day)), name],
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(objectId('551d11'), der(0x04, subjectAltNames)))),
  )
  const signature = der(0x03, Buffer.of(0), sign('sha256', unsigned, privateKey))
  const certificate = sequence(unsigned, ecdsaWithSha256, signature)
  const lines = certificate.toString('base64').match(/.{1,64}/g)!
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Writes both files, and gives their paths. */
export async function writeCertificate(folder: string, { cert, key }: TestCertificate) {
  const files = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
  await Promise.all([writeFile(files.certificate, cert), writeFile(files.key, key)])
  return files
}

const day = 24 * 60 * 60 * 1000

/** DER: a tag, the length, and what is in it. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const lengthBytes = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.of(tag, ...lengthBytes), content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts)
}

function set(part: Buffer): Buffer {
  return der(0x31, part)
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes)
}

function objectId(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

/** `YYMMDDhhmmssZ` */
function utcTime(fromNowMs: number): Buffer {
  const time = new Date(Date.now() + fromNowMs).toISOString().replaceAll(/[-:T]|\.\d{3}/g, '')
  return der(0x17, Buffer.from(time.slice(2)))
}

const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'))

/** A DNS name has tag 2, an address tag 7. */
const subjectAltNames = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.of(127, 0, 0, 1)))
