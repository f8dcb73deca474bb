import type { RegistryProcess } from '../support/real-process.ts'
import type { Workstation } from './workstation.ts'

/** Calls one operation, spelled as on the command line, and gives what the CLI prints, parsed; throws what it complains of. */
export type AwsCli = <Answer = unknown>(operation: string, ...args: readonly string[]) => Promise<Answer>

/** The `aws ecr-public` of somebody's machine. */
export function awsCli(workstation: Workstation, registry: RegistryProcess, program = 'aws'): AwsCli {
  return async (operation, ...args) => {
    const options = ['--region', 'us-east-1', '--endpoint-url', registry.url, '--output', 'json']
    return JSON.parse(await workstation.run(program, ['ecr-public', operation, ...options, ...args]))
  }
}
