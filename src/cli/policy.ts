import { type Command, InvalidArgumentError, Option } from 'commander'

import type { Explanation } from '../auth/explain.ts'
import { type AccountFlag, accountOption, addGroup, onData } from './data-command.ts'
import { readText } from './read-text.ts'
import { table } from './table.ts'

type ContextFlag = Readonly<Record<string, readonly string[]>>

export function addPolicy(program: Command): void {
  const policy = addGroup(
    program,
    'policy',
    "Policies of users, in IAM's JSON. For those of repositories see `waybill repository policy`.",
    'waybill policy attach ci AmazonElasticContainerRegistryPublicPowerUser',
  )
  addChanges(policy)
  onData(
    policy.command('list').description('Show the policies of a user.').argument('<user>').addOption(accountOption()),
    'waybill policy list ci',
    async ({ policies }, user: string, { account }: AccountFlag) => {
      const list = await policies.list(account, user)
      const rows = list.map(({ name, kind }) => [name, kind])
      return { json: list, text: table(['policy', 'kind'], rows) }
    },
  )
  onData(
    policy
      .command('show')
      .description("Print the text of a user's policy.")
      .argument('<user>')
      .argument('<policy>')
      .addOption(accountOption()),
    'waybill policy show ci deploy',
    async ({ policies }, user: string, name: string, { account }: AccountFlag) => {
      const found = await policies.get(account, user, name)
      return { json: found, text: found.text.trimEnd() }
    },
  )
  addExplain(policy)
}

function addChanges(policy: Command): void {
  onData(
    policy
      .command('attach')
      .description("Attach one of AWS's managed policies to a user.")
      .argument('<user>')
      .argument('<policy>', 'its name or ARN')
      .addOption(accountOption()),
    'waybill policy attach ci AmazonElasticContainerRegistryPublicPowerUser',
    async ({ policies }, user: string, name: string, { account }: AccountFlag) => {
      const attached = await policies.attach(account, user, name)
      return { json: attached, text: `${user} has the policy ${attached.name}.` }
    },
  )
  onData(
    policy
      .command('put')
      .description('Set a policy of a user, in place of the one of its name.')
      .argument('<user>')
      .argument('<policy>', 'its name')
      .argument('<file>', 'IAM JSON; - for standard input')
      .addOption(accountOption()),
    'waybill policy put ci deploy deploy.json',
    async ({ policies }, user: string, name: string, file: string, { account }: AccountFlag) => {
      const put = await policies.put(account, user, name, await readText(file))
      return { json: put, text: `${user} has the policy ${name}.` }
    },
  )
  onData(
    policy
      .command('remove')
      .description('Take a policy from a user.')
      .argument('<user>')
      .argument('<policy>', 'its name, or the ARN of a managed one')
      .addOption(accountOption()),
    'waybill policy remove ci deploy',
    async ({ policies }, user: string, name: string, { account }: AccountFlag) => {
      const removed = await policies.remove(account, user, name)
      return { json: removed, text: `${user} does not have the policy ${removed.name} any more.` }
    },
  )
}

function addExplain(policy: Command): void {
  onData(
    policy
      .command('explain')
      .description('Say whether somebody may do something, and which statement of which policy decides it.')
      .argument('<principal>', 'a user, the ARN of a user or root, or anonymous')
      .argument('<action>', 'ecr-public:PutImage, or PutImage')
      .argument('<resource>', '<alias>/<repository>, an ARN, or *')
      .addOption(
        new Option('--context <key=value>', 'A condition key of the request; may be repeated')
          .argParser(addContext)
          .default({}, 'what is known without a request'),
      )
      .addOption(accountOption()),
    'waybill policy explain ci PutImage acme/app --context aws:SourceIp=192.0.2.1',
    async (
      identities,
      principal: string,
      action: string,
      resource: string,
      { account, context }: AccountFlag & { readonly context: ContextFlag },
    ) => {
      const explanation = await identities.explain({ principal, account, action, resource, context })
      return { json: explanation, text: sentenceFor(explanation) }
    },
  )
}

function addContext(text: string, before: ContextFlag): ContextFlag {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('It is key=value, like aws:SourceIp=192.0.2.1.')
  const key = text.slice(0, equals)
  return { ...before, [key]: [...(before[key] ?? []), text.slice(equals + 1)] }
}

function sentenceFor({ isAllowed, principal, action, resource, decidedBy, sentence }: Explanation): string {
  const answer = isAllowed ? `Allowed: ${principal} may do ${action} on ${resource}` : `Denied: ${sentence}`
  return `${answer}\n${reasonFor(decidedBy)}`
}

function reasonFor(decidedBy: Explanation['decidedBy']): string {
  switch (decidedBy.kind) {
    case 'root':
      return 'A root user may do everything within its account.'
    case 'public':
      return 'Everybody may pull from a repository that is not private.'
    case 'nothing':
      return 'No statement of any policy allows it.'
    case 'identity':
      return `Decided by ${statementName(decidedBy)} of the policy ${decidedBy.policyName} of the user.`
    case 'repository':
      return `Decided by ${statementName(decidedBy)} of the policy of the repository.`
  }
}

/** Counted from 0, as in the paths of error messages. */
function statementName({ statement, sid }: { readonly statement: number; readonly sid: string | undefined }): string {
  return sid === undefined ? `Statement[${statement}]` : `Statement[${statement}] (Sid ${sid})`
}
