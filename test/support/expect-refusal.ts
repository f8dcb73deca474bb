import type { ECRPUBLICServiceException } from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

/** What the SDK makes of an error of the API: one class for each that the service model has. */
type ExceptionClass = abstract new (...parameters: never) => ECRPUBLICServiceException

/** Expects an operation to be refused with an exception of the service model, and exactly these words where they are given. */
export async function expectRefusal<Exception extends ExceptionClass>(
  sent: Promise<unknown>,
  exception: Exception,
  message?: string,
): Promise<InstanceType<Exception>> {
  const thrown = await sent.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(exception)
  const refusal = thrown as InstanceType<Exception>
  if (message !== undefined) expect(refusal.message).toBe(message)
  expect(refusal.$metadata.httpStatusCode).toBe(400)
  expect(refusal.$fault).toBe('client')
  expect(refusal.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/)
  return refusal
}
