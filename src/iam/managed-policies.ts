import type { Action } from './actions.ts'

export interface ManagedPolicy {
  readonly name: string
  readonly arn: string
  /** The document, for `parseIdentityPolicy`. */
  readonly text: string
}

/** What reading from a private repository takes. AWS's own documents lack it, since no repository of theirs is private. */
const privatePull = ['ecr-public:BatchGetImage', 'ecr-public:GetDownloadUrlForLayer'] as const satisfies Action[]

const readOnly = [
  'ecr-public:GetAuthorizationToken',
  'sts:GetServiceBearerToken',
  'ecr-public:BatchCheckLayerAvailability',
  'ecr-public:GetRepositoryPolicy',
  'ecr-public:DescribeRepositories',
  'ecr-public:DescribeRegistries',
  'ecr-public:DescribeImages',
  'ecr-public:DescribeImageTags',
  'ecr-public:GetRepositoryCatalogData',
  'ecr-public:GetRegistryCatalogData',
  ...privatePull,
] as const satisfies Action[]

const powerUser = [
  ...readOnly,
  'ecr-public:InitiateLayerUpload',
  'ecr-public:UploadLayerPart',
  'ecr-public:CompleteLayerUpload',
  'ecr-public:PutImage',
] as const satisfies Action[]

/** AWS's managed policies for ECR Public (user guide, "AWS managed policies"), each as of its version 1. */
export const managedPolicies: readonly ManagedPolicy[] = [
  managed('AmazonElasticContainerRegistryPublicFullAccess', ['ecr-public:*', 'sts:GetServiceBearerToken']),
  managed('AmazonElasticContainerRegistryPublicPowerUser', powerUser),
  managed('AmazonElasticContainerRegistryPublicReadOnly', readOnly),
]

/** By name or by ARN. */
export function findManagedPolicy(nameOrArn: string): ManagedPolicy | undefined {
  return managedPolicies.find(({ name, arn }) => name === nameOrArn || arn === nameOrArn)
}

function managed(name: string, allowed: readonly string[]): ManagedPolicy {
  const document = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: allowed, Resource: '*' }],
  }
  return { name, arn: `arn:aws:iam::aws:policy/${name}`, text: JSON.stringify(document, undefined, 2) }
}
