import { matchesWildcard, parseWildcards } from './wildcard.ts'

/** As the AWS Service Authorization Reference classifies actions. */
export type AccessLevel = 'List' | 'Read' | 'Tagging' | 'Write' | 'Permissions management'

/** What stands in the `Resource` of a statement about an action: `any` is `*` and nothing narrower. */
export type ResourceType = 'repository' | 'repository-or-any' | 'registry' | 'any'

export interface ActionFacts {
  readonly access: AccessLevel
  readonly resource: ResourceType
  /** Made here, and unknown to ECR Public, whose repositories anyone may pull from. Named as in private ECR. */
  readonly isOurs?: true
}

const table = {
  'ecr-public:BatchCheckLayerAvailability': { access: 'Read', resource: 'repository' },
  'ecr-public:BatchDeleteImage': { access: 'Write', resource: 'repository' },
  'ecr-public:BatchGetImage': { access: 'Read', resource: 'repository', isOurs: true },
  'ecr-public:CompleteLayerUpload': { access: 'Write', resource: 'repository' },
  'ecr-public:CreateRepository': { access: 'Write', resource: 'repository' },
  'ecr-public:DeleteRepository': { access: 'Write', resource: 'repository' },
  'ecr-public:DeleteRepositoryPolicy': { access: 'Permissions management', resource: 'repository' },
  'ecr-public:DescribeImageTags': { access: 'List', resource: 'repository' },
  'ecr-public:DescribeImages': { access: 'Read', resource: 'repository' },
  'ecr-public:DescribeRegistries': { access: 'List', resource: 'registry' },
  'ecr-public:DescribeRepositories': { access: 'List', resource: 'repository-or-any' },
  'ecr-public:GetAuthorizationToken': { access: 'Read', resource: 'any' },
  'ecr-public:GetDownloadUrlForLayer': { access: 'Read', resource: 'repository', isOurs: true },
  'ecr-public:GetRegistryCatalogData': { access: 'Read', resource: 'registry' },
  'ecr-public:GetRepositoryCatalogData': { access: 'Read', resource: 'repository' },
  'ecr-public:GetRepositoryPolicy': { access: 'Read', resource: 'repository' },
  'ecr-public:InitiateLayerUpload': { access: 'Write', resource: 'repository' },
  'ecr-public:ListTagsForResource': { access: 'Read', resource: 'repository' },
  'ecr-public:PutImage': { access: 'Write', resource: 'repository' },
  'ecr-public:PutRegistryCatalogData': { access: 'Write', resource: 'registry' },
  'ecr-public:PutRepositoryCatalogData': { access: 'Write', resource: 'repository' },
  'ecr-public:SetRepositoryPolicy': { access: 'Permissions management', resource: 'repository' },
  'ecr-public:TagResource': { access: 'Tagging', resource: 'repository' },
  'ecr-public:UntagResource': { access: 'Tagging', resource: 'repository' },
  'ecr-public:UploadLayerPart': { access: 'Write', resource: 'repository' },
  'sts:GetCallerIdentity': { access: 'Read', resource: 'any' },
  'sts:GetServiceBearerToken': { access: 'Read', resource: 'any' },
} as const satisfies Readonly<Record<string, ActionFacts>>

export type Action = keyof typeof table

/** Every action that is ever asked about, by its full name. */
export const actions: Readonly<Record<Action, ActionFacts>> = table

export const actionNames: readonly Action[] = Object.keys(table) as Action[]

const byLowerCaseName: ReadonlyMap<string, Action> = new Map(actionNames.map((name) => [name.toLowerCase(), name]))

/** The action of this name in whatever case, as IAM compares them; `undefined` for one that is not ours to decide. */
export function parseAction(text: string): Action | undefined {
  return byLowerCaseName.get(text.toLowerCase())
}

/** The actions that a pattern of a policy's `Action` names. A pattern about other services names none. */
export function actionsMatching(pattern: string): readonly Action[] {
  const exact = parseAction(pattern)
  if (exact) return [exact]
  const units = parseWildcards(pattern.toLowerCase())
  const matched: Action[] = []
  for (const [name, action] of byLowerCaseName) if (matchesWildcard(units, name)) matched.push(action)
  return matched
}
