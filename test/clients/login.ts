import type { RegistryProcess } from '../support/real-process.ts'
import type { Workstation } from './workstation.ts'

/** The password that goes with the user name `AWS`, got as the manual says: from the AWS CLI. */
export function loginPassword(registry: RegistryProcess, workstation: Workstation): Promise<string> {
  const endpoint = ['--region', 'us-east-1', '--endpoint-url', registry.url]
  return workstation.run('aws', ['ecr-public', 'get-login-password', ...endpoint])
}

/** Logs a client of the `docker login` family in; `flags` are those that its `login` needs beside the usual ones. */
export async function login(
  registry: RegistryProcess,
  workstation: Workstation,
  client: readonly [command: string, ...options: string[]],
  flags: readonly string[] = [],
): Promise<void> {
  const [command, ...options] = client
  const input = await loginPassword(registry, workstation)
  const args = [...options, 'login', ...flags, '--username', 'AWS', '--password-stdin', registry.host]
  await workstation.run(command, args, { input })
}
