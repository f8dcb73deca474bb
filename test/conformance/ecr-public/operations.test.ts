import * as sdk from '@aws-sdk/client-ecr-public'
import { expect, test } from 'vitest'

import { operationNames } from '../../../src/http/ecr-public/operations.ts'

test('the API has the 23 operations of the service model, and no other', () => {
  const inModel = Object.keys(sdk).flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? [])
  expect(inModel).toHaveLength(23)
  expect(operationNames.toSorted()).toEqual(inModel.toSorted())
})
