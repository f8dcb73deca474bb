import { GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

import { testWithRegistry } from '../../support/registry-test.ts'

const hoursMs = 60 * 60 * 1000

const test = testWithRegistry()

test('gives a user name and a password, good for twelve hours', async ({ registry }) => {
  const before = Date.now()
  const { authorizationData } = await registry.ecr.send(new GetAuthorizationTokenCommand())
  expect(authorizationData).toEqual({ authorizationToken: expect.stringMatching(/^\S+$/), expiresAt: expect.any(Date) })
  const validMs = Number(authorizationData?.expiresAt) - before
  expect(validMs).toBeGreaterThanOrEqual(12 * hoursMs - 1)
  expect(validMs).toBeLessThan(12 * hoursMs + 60_000)
})

test('the AWS CLI can take the token apart: the password holds no colon and no white space', async ({ registry }) => {
  const { authorizationData } = await registry.ecr.send(new GetAuthorizationTokenCommand())
  const parts = Buffer.from(authorizationData?.authorizationToken ?? '', 'base64')
    .toString()
    .split(':')
  expect(parts).toEqual(['AWS', expect.stringMatching(/^\S{20,4000}$/)])
})

test('no two tokens are the same', async ({ registry }) => {
  const tokens = await Promise.all(Array.from({ length: 10 }, () => registry.login()))
  expect(new Set(tokens.map((login) => login.password)).size).toBe(10)
})

test('a token is for its owner', async ({ registry, imageName }) => {
  const { password } = await registry.login(await registry.addAccount({ id: '111122223333', alias: 'neighbour' }))
  const neighbour = registry.anonymous.as(`Bearer ${password}`)
  expect((await neighbour.post('/v2/neighbour/app/blobs/uploads/')).status).toBe(404)
  expect((await neighbour.post(`/v2/${imageName}/blobs/uploads/`)).status).toBe(403)
})
