import {
  GetRepositoryCatalogDataCommand,
  InvalidParameterException,
  PutRepositoryCatalogDataCommand,
  type RepositoryCatalogDataInput,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { type PictureName, picture, png } from '../../support/pictures.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { TestRegistry } from '../../support/test-registry.ts'

const test = testWithRegistry()
const publicTest = testWithRegistry({ config: { publicUrl: 'https://images.example.com' } })

const everything = {
  description: 'A thing',
  architectures: ['ARM', 'ARM 64', 'x86', 'x86-64', 'Z80'],
  operatingSystems: ['Linux', 'Windows', 'CP/M'],
  aboutText: '# About\n\nIt *is* what it is: <b>ünïcödé</b> 🚢\n',
  usageText: '```\ndocker run …\n```',
}

async function put({ ecr }: TestRegistry, repositoryName: string, catalogData: RepositoryCatalogDataInput) {
  return (await ecr.send(new PutRepositoryCatalogDataCommand({ repositoryName, catalogData }))).catalogData
}

async function get({ ecr }: TestRegistry, repositoryName: string) {
  return (await ecr.send(new GetRepositoryCatalogDataCommand({ repositoryName }))).catalogData
}

test('what is put is what is got', async ({ registry, repositoryName }) => {
  expect(await put(registry, repositoryName, everything)).toEqual(everything)
  expect(await get(registry, repositoryName)).toEqual(everything)
})

test('what is left out is gone', async ({ registry, repositoryName }) => {
  await put(registry, repositoryName, everything)
  expect(await put(registry, repositoryName, { usageText: 'new' })).toEqual({ usageText: 'new' })
  expect(await get(registry, repositoryName)).toEqual({ usageText: 'new' })
  expect(await put(registry, repositoryName, {})).toEqual({})
  expect(await get(registry, repositoryName)).toEqual({})
})

describe('a logo', () => {
  test('gets a URL of its own, where it is served', async ({ registry, repositoryName }) => {
    const logoImageBlob = png(64, 64)
    const catalogData = await put(registry, repositoryName, { ...everything, logoImageBlob })
    expect(catalogData).toEqual({ ...everything, logoUrl: expect.stringMatching(/\/logo\/[0-9a-f-]{36}$/) })
    expect(catalogData?.logoUrl).toMatch(new RegExp(`^${registry.url}/`))
    expect(await get(registry, repositoryName)).toEqual(catalogData)
    const answer = await fetch(`${catalogData?.logoUrl}`)
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(logoImageBlob)
  })

  publicTest('has a URL under the name that the registry is known by', async ({ registry, repositoryName }) => {
    const catalogData = await put(registry, repositoryName, { logoImageBlob: png(64, 64) })
    expect(catalogData?.logoUrl).toMatch(/^https:\/\/images\.example\.com\/logo\/[0-9a-f-]{36}$/)
  })

  test('stays while no other is given', async ({ registry, repositoryName }) => {
    const first = await put(registry, repositoryName, { ...everything, logoImageBlob: png(64, 64) })
    expect(await put(registry, repositoryName, { description: 'new' })).toEqual({
      description: 'new',
      logoUrl: first?.logoUrl,
    })
    expect((await fetch(`${first?.logoUrl}`)).status).toBe(200)
  })

  test('goes when another comes, which has another URL', async ({ registry, repositoryName }) => {
    const first = await put(registry, repositoryName, { logoImageBlob: png(64, 64) })
    const second = await put(registry, repositoryName, { logoImageBlob: png(64, 64) })
    expect(second?.logoUrl).not.toBe(first?.logoUrl)
    expect((await fetch(`${second?.logoUrl}`)).status).toBe(200)
    expect((await fetch(`${first?.logoUrl}`)).status).toBe(404)
  })

  test.for<PictureName>([
    'truecolour.png',
    'palette.png',
    'baseline.jpg',
    'progressive.jpg',
    'exif.jpg',
    'lossy.webp',
    'lossless.webp',
    'transparent.webp',
  ])('may be %s', async (name, { registry, repositoryName }) => {
    expect(await put(registry, repositoryName, { logoImageBlob: picture(name) })).toHaveProperty('logoUrl')
  })

  test.for([
    ['nothing', Buffer.alloc(0)],
    ['a GIF', picture('plain.gif')],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>')],
    ['a page', Buffer.from('<!doctype html><script>alert(1)</script>')],
    ['the beginning of a PNG', png(64, 64).subarray(0, 32)],
    ['a PNG that is too narrow', png(59, 64)],
    ['a PNG that is too low', png(64, 59)],
    ['a PNG that is too wide', png(2049, 64)],
    ['a PNG that is too high', png(64, 2049)],
  ] as const)('may not be %s', async ([, logoImageBlob], { registry, repositoryName }) => {
    const first = await put(registry, repositoryName, { logoImageBlob: png(64, 64) })
    const { message } = await expectRefusal(
      put(registry, repositoryName, { description: 'x', logoImageBlob }),
      InvalidParameterException,
    )
    expect(message).toContain(
      "Invalid parameter at 'catalogData.logoImageBlob' failed to satisfy constraint: 'Member must be ",
    )
    // It is all or nothing.
    expect(await get(registry, repositoryName)).toEqual(first)
  })

  test.for([png(60, 60), png(2048, 2048), png(60, 2048, 512_000)])(
    'may be as small and as large as this',
    async (logoImageBlob, { registry, repositoryName }) => {
      expect(await put(registry, repositoryName, { logoImageBlob })).toHaveProperty('logoUrl')
    },
  )
})

describe('limits', () => {
  const of = (length: number, max: number) =>
    ['x'.repeat(length), `Member must have length less than or equal to ${max}`] as const
  const inList = (constraint: string) => `Member must satisfy constraint: [${constraint}]`
  const [longest, tooLong] = of(51, 50)
  const tooShort = 'Member must have length greater than or equal to 1'

  test.for([
    ['description', ...of(1025, 1024)],
    ['aboutText', ...of(25_601, 25_600)],
    ['usageText', ...of(25_601, 25_600)],
    ['architectures', Array(51).fill('ARM'), tooLong],
    ['architectures', ['ARM', longest], inList(tooLong)],
    ['architectures', [''], inList(tooShort)],
    ['operatingSystems', Array(51).fill('Linux'), tooLong],
    ['operatingSystems', ['Linux', longest], inList(tooLong)],
    ['operatingSystems', [''], inList(tooShort)],
    ['logoImageBlob', png(64, 64, 512_001), 'Member must have length less than or equal to 512000'],
  ] as const)('of %s', async ([member, value, constraint], { registry, repositoryName }) => {
    await expectRefusal(
      put(registry, repositoryName, { [member]: value }),
      InvalidParameterException,
      `Invalid parameter at 'catalogData.${member}' failed to satisfy constraint: '${constraint}'`,
    )
  })

  test('what is just within them is taken', async ({ registry, repositoryName }) => {
    const catalogData = {
      description: 'x'.repeat(1024),
      aboutText: 'x'.repeat(25_600),
      usageText: 'x'.repeat(25_600),
      architectures: Array(50).fill('x'.repeat(50)),
      operatingSystems: Array(50).fill('x'.repeat(50)),
    }
    expect(await put(registry, repositoryName, catalogData)).toEqual(catalogData)
  })

  test('catalogData must be there', async ({ registry, repositoryName }) => {
    await expectRefusal(
      registry.ecr.send(new PutRepositoryCatalogDataCommand({ repositoryName, catalogData: undefined })),
      InvalidParameterException,
      "Invalid parameter at 'catalogData' failed to satisfy constraint: 'Member must not be null'",
    )
  })
})
