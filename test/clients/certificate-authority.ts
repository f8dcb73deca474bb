import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { runCommand } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** Somebody who certifies that a registry is who it says, as a company's own authority does; unknown to everybody else. */
export interface CertificateAuthority extends AsyncDisposable {
  /** File of its certificate, for clients to trust. */
  readonly path: string
  readonly pem: string
  /** Of the registry that it has certified, on the loopback. */
  readonly settings: { readonly WAYBILL_TLS_CERTIFICATE: string; readonly WAYBILL_TLS_KEY: string }
}

/** Made with OpenSSL, and trusted by this process from here on, so that its own requests get through. */
export async function openCertificateAuthority(): Promise<CertificateAuthority> {
  const folder = await temporaryDirectory('authority')
  const at = (name: string) => join(folder.path, name)
  const request = ['req', '-x509', '-days', '2', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const authority = ['-subj', '/CN=Authority of the tests', '-keyout', at('ca.key'), '-out', at('ca.crt')]
  await runCommand('openssl', [...request, ...authority])
  const signed = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-addext', 'basicConstraints=CA:FALSE']
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  await runCommand('openssl', [...request, ...signed, ...name, '-keyout', at('tls.key'), '-out', at('tls.crt')])
  const pem = await readFile(at('ca.crt'), 'utf8')
  setDefaultCACertificates([...getCACertificates(), pem])
  return {
    path: at('ca.crt'),
    pem,
    settings: { WAYBILL_TLS_CERTIFICATE: at('tls.crt'), WAYBILL_TLS_KEY: at('tls.key') },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
