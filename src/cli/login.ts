import type { Command } from 'commander'

import type { AccessKey } from '../auth/access-keys.ts'
import { withExample } from './data-command.ts'
import { LoginRefused } from './login-refused.ts'
import { signApiRequest } from './sign-api-request.ts'

const answerMsMax = 30_000

/** What `aws ecr-public get-login-password` does, for machines that have no `aws`. */
export function addLoginPassword(program: Command): void {
  const command = program
    .command('login-password')
    .description(
      'Print a password for the user AWS, good for 12 hours, got with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    )
    .requiredOption('--url <url>', 'The registry')
  const example = `waybill login-password --url http://127.0.0.1:8080 \\
    | docker login --username AWS --password-stdin 127.0.0.1:8080`
  withExample(command, example).action(async ({ url }: { readonly url: string }) => {
    process.stdout.write(`${await loginPassword(url, keyIn(process.env))}\n`)
  })
}

function keyIn(environment: NodeJS.ProcessEnv): AccessKey {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey }
  throw new LoginRefused('set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to an access key of the registry')
}

async function loginPassword(url: string, key: AccessKey): Promise<string> {
  const endpoint = URL.parse('/', url)
  if (!endpoint || !/^https?:$/.test(endpoint.protocol)) {
    throw new LoginRefused(`"${url}" is not http(s)://host or http(s)://host:port`)
  }
  const request = { endpoint, operation: 'GetAuthorizationToken', body: '{}', key, now: Date.now() }
  const answer = await send(endpoint, signApiRequest(request), request.body)
  const token = answer.authorizationData?.authorizationToken
  const [, password] = Buffer.from(token ?? '', 'base64')
    .toString('utf8')
    .split(':', 2)
  if (password) return password
  throw new LoginRefused(`${endpoint.origin} refused: ${answer.message ?? answer.__type ?? 'it is no Waybill'}`)
}

interface ApiAnswer {
  readonly authorizationData?: { readonly authorizationToken?: string }
  readonly __type?: string
  readonly message?: string
}

async function send(endpoint: URL, headers: Record<string, string>, body: string): Promise<ApiAnswer> {
  try {
    const signal = AbortSignal.timeout(answerMsMax)
    const response = await fetch(endpoint, { method: 'POST', headers, body, redirect: 'error', signal })
    return (await response.json()) as ApiAnswer
  } catch (cause) {
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause)
    throw new LoginRefused(`no answer of a Waybill from ${endpoint.origin}: ${reason}`, { cause })
  }
}
