import { type Action, actionNames, actions } from '../iam/actions.ts'

type OperationOf<Name> = Name extends `ecr-public:${infer Operation}` ? Operation : never

/** A published operation of the API, by whichever door it is asked for. */
export type OperationName = Exclude<OperationOf<Action>, 'BatchGetImage' | 'GetDownloadUrlForLayer'>

/** What can be limited. A pull is one GET of a manifest: the blobs that it names come with it. */
export type RatedAction = OperationName | 'anonymous-pull' | 'authenticated-pull'

/** How often each may be done by one caller, in times a second; what is not in here is not limited. */
export type Rates = ReadonlyMap<RatedAction, number>

export const ratedActions: readonly RatedAction[] = [
  ...actionNames
    .filter((name) => name.startsWith('ecr-public:') && !actions[name].isOurs)
    .map((name) => name.slice('ecr-public:'.length) as OperationName),
  'anonymous-pull',
  'authenticated-pull',
]

/** ECR Public's own quotas (its user guide, "Service quotas"). */
export const ecrRates: Rates = new Map([
  ['BatchCheckLayerAvailability', 200],
  ['CompleteLayerUpload', 10],
  ['GetAuthorizationToken', 200],
  ['InitiateLayerUpload', 10],
  ['PutImage', 10],
  ['UploadLayerPart', 260],
  ['anonymous-pull', 1],
  ['authenticated-pull', 10],
])

/** After a rest, what this many seconds allow may be done at once: pulling one image of an index takes two manifests. */
export const burstSeconds = 5
