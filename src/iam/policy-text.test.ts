import fc from 'fast-check'
import { expect, test } from 'vitest'

import { PolicyInvalid } from './policy-invalid.ts'
import { formatPolicyText } from './policy-text.ts'

const compact =
  '{"Version":"2008-10-17","Statement":[{"Sid":"allow public pull","Effect":"Allow","Principal":"*",' +
  '"Action":["ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer"]},' +
  '{"Effect":"Deny","Principal":{"AWS":["123456789012"]},"Action":"*","Condition":{}}]}'

const formatted = `{
  "Version" : "2008-10-17",
  "Statement" : [ {
    "Sid" : "allow public pull",
    "Effect" : "Allow",
    "Principal" : "*",
    "Action" : [ "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer" ]
  }, {
    "Effect" : "Deny",
    "Principal" : {
      "AWS" : [ "123456789012" ]
    },
    "Action" : "*",
    "Condition" : { }
  } ]
}`

test('a policy is given back as ECR lays it out', () => {
  expect(formatPolicyText(compact)).toBe(formatted)
})

test('laying it out again changes nothing', () => {
  expect(formatPolicyText(formatted)).toBe(formatted)
})

test.for([
  ['{}', '{ }'],
  ['{"Statement":[]}', '{\n  "Statement" : [ ]\n}'],
  ['{"a":[1,true,null,[2]]}', '{\n  "a" : [ 1, true, null, [ 2 ] ]\n}'],
  ['{"é\\n/":"\\u00e9"}', '{\n  "é\\n/" : "é"\n}'],
] as const)('%s becomes %j', ([text, expected]) => {
  expect(formatPolicyText(text)).toBe(expected)
})

test('laying out changes nothing but the layout', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (document) => {
      const text = JSON.stringify(document)
      const laidOut = formatPolicyText(text)
      expect(JSON.stringify(JSON.parse(laidOut))).toBe(text)
      expect(formatPolicyText(laidOut)).toBe(laidOut)
    }),
  )
})

test('what is no JSON object cannot be laid out', () => {
  expect(() => formatPolicyText('[]')).toThrow(PolicyInvalid)
})
