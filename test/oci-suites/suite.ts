import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ECRPUBLICClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr-public'

import { CommandError, runCommand } from '../support/command.ts'
import type { RegistryProcess } from '../support/real-process.ts'

const root = join(import.meta.dirname, '..', '..')
const module = 'github.com/opencontainers/distribution-spec/conformance'

/** One check of a suite, by the name the suite gives it. */
export interface Check {
  readonly name: string
  /** What the suite said when it failed; `undefined` when it passed. */
  readonly failure: string | undefined
}

/** The suite of version 1.1.1 of the specification: a Go test binary with its four groups, all of them run. */
export async function runReleasedSuite(registry: RegistryProcess): Promise<Check[]> {
  const reports = await reportFolder('v1.1.1')
  const program = join(reports, 'suite')
  await runCommand('go', ['test', '-c', '-o', program, module], { cwd: join(import.meta.dirname, 'v1.1') })
  return run(program, reports, {
    OCI_ROOT_URL: registry.url,
    OCI_NAMESPACE: 'suite/a',
    OCI_CROSSMOUNT_NAMESPACE: 'suite/b',
    OCI_AUTOMATIC_CROSSMOUNT: '1',
    OCI_TEST_PULL: '1',
    OCI_TEST_PUSH: '1',
    OCI_TEST_CONTENT_DISCOVERY: '1',
    OCI_TEST_CONTENT_MANAGEMENT: '1',
    OCI_REPORT_DIR: reports,
    ...(await credentials(registry)),
  })
}

/** The program from the specification's main branch, held to one version of the specification. */
export async function runNextSuite(registry: RegistryProcess, version: '1.1' | 'dev'): Promise<Check[]> {
  const reports = await reportFolder(`next-${version}`)
  const program = join(reports, 'suite')
  await runCommand('go', ['build', '-o', program, module], { cwd: join(import.meta.dirname, 'next') })
  return run(program, reports, {
    OCI_REGISTRY: registry.host,
    OCI_TLS: 'disabled',
    OCI_REPO1: `suite/${version}-1`,
    OCI_REPO2: `suite/${version}-2`,
    OCI_VERSION: version,
    OCI_RESULTS_DIR: reports,
    ...(await credentials(registry)),
  })
}

/** A suite that finds something wrong ends with an error; what it found is in its report either way. */
async function run(program: string, reports: string, settings: NodeJS.ProcessEnv): Promise<Check[]> {
  try {
    await runCommand(program, [], { env: { ...process.env, ...settings }, cwd: reports })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
  }
  return checksIn(await readFile(join(reports, 'junit.xml'), 'utf8'))
}

/** What a report in JUnit's format holds, without what the suite was not asked to do. */
function checksIn(report: string): Check[] {
  const cases = report.matchAll(/<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)
  return [...cases].flatMap(([, attributes = '', content = '']) => {
    const name = /\bname="([^"]*)"/.exec(attributes)?.[1] ?? ''
    const status = /\bstatus="([^"]*)"/.exec(attributes)?.[1]
    if (status === 'skipped' || status === 'disabled' || name.startsWith('[')) return []
    const failure = /<(?:failure|error)\b.*/s.exec(content)?.[0]
    return [{ name, failure: failure ?? (status === 'passed' ? undefined : `status: ${status}`) }]
  })
}

async function reportFolder(name: string): Promise<string> {
  const folder = join(root, '.artifacts', 'oci-suites', name)
  await mkdir(folder, { recursive: true })
  return folder
}

/** A password as `docker login` would use it, so that every request goes through the token flow. */
async function credentials(registry: RegistryProcess): Promise<NodeJS.ProcessEnv> {
  const client = new ECRPUBLICClient({
    endpoint: registry.url,
    region: 'us-east-1',
    credentials: registry.administrator,
  })
  const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}))
  const [user, password] = Buffer.from(authorizationData!.authorizationToken!, 'base64').toString().split(':')
  return { OCI_USERNAME: user, OCI_PASSWORD: password }
}
