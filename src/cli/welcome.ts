import type { AccessKey } from '../auth/access-keys.ts'
import type { Storage } from '../config/config.ts'
import { shownKey, shownOnce } from './shown-key.ts'

export interface WelcomeFacts {
  readonly url: string
  readonly alias: string
  readonly storage: Storage
  readonly newAdminKey: AccessKey | undefined
}

/** What a person sees when the registry is up. Every line with a command can be pasted into a shell as it is. */
export function welcome({ url, alias, storage, newAdminKey }: WelcomeFacts): string {
  const { host } = new URL(url)
  const where = storage.kind === 'memory' ? 'memory: nothing is kept when it stops' : storage.folder
  return `
Waybill is listening on ${url}   (data: ${where})

${newAdminKey ? showKey(newAdminKey) : knownKey}
Log in:
  aws ecr-public get-login-password --region us-east-1 --endpoint-url ${url} \\
    | docker login --username AWS --password-stdin ${host}

Push and pull (a new repository is made by its first push):
  docker tag hello-world ${host}/${alias}/hello-world
  docker push ${host}/${alias}/hello-world
  docker pull ${host}/${alias}/hello-world

Use the API:
  aws ecr-public create-repository --repository-name my/app --region us-east-1 --endpoint-url ${url}
  aws ecr-public describe-repositories --region us-east-1 --endpoint-url ${url}

`
}

const knownKey = `The administrator's access key is the one shown, or given, at the first start.
`

function showKey(key: AccessKey): string {
  return `The administrator's access key. ${shownOnce}
${shownKey(key)}
`
}
