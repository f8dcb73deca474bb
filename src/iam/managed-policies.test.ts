import { expect, test } from 'vitest'

import { actionNames, actions } from './actions.ts'
import { findManagedPolicy, managedPolicies } from './managed-policies.ts'
import { parseIdentityPolicy } from './policy.ts'

function allowedBy(name: string) {
  const [statement] = parseIdentityPolicy(findManagedPolicy(name)?.text ?? '').allows
  return statement?.actions ?? new Set()
}

const [fullAccess, powerUser, readOnly] = managedPolicies.map(({ name }) => allowedBy(name))

test('policies are found by name and by ARN', () => {
  for (const policy of managedPolicies) {
    expect(findManagedPolicy(policy.arn)).toBe(policy)
    expect(findManagedPolicy(policy.name)).toBe(policy)
    expect(policy.arn).toBe(`arn:aws:iam::aws:policy/${policy.name}`)
  }
  expect(findManagedPolicy('AdministratorAccess')).toBeUndefined()
})

test('full access is to every action of the registry, and to a bearer token', () => {
  expect(fullAccess).toEqual(new Set(actionNames.filter((action) => action !== 'sts:GetCallerIdentity')))
})

test('a power user may push besides reading, and no more', () => {
  const pushActions = ['InitiateLayerUpload', 'UploadLayerPart', 'CompleteLayerUpload', 'PutImage']
  expect(powerUser?.difference(readOnly ?? new Set())).toEqual(new Set(pushActions.map((name) => `ecr-public:${name}`)))
})

test('read-only access is to nothing that changes anything', () => {
  const levels = [...(readOnly ?? [])].map((action) => actions[action as keyof typeof actions].access)
  expect(levels).toHaveLength(12)
  expect(new Set(levels)).toEqual(new Set(['Read', 'List']))
})
