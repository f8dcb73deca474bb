import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { JsonInvalid, parseStrictJson } from './strict-json.ts'

const DEPTH_MAX = 32

const encoder = new TextEncoder()

function parse(json: string | Uint8Array, depthMax = DEPTH_MAX): unknown {
  return parseStrictJson(typeof json === 'string' ? encoder.encode(json) : json, { depthMax })
}

/** The refusal; anything else that is thrown, and no refusal at all, fails the test. */
function refusalOf(json: string | Uint8Array, depthMax?: number): JsonInvalid {
  try {
    parse(json, depthMax)
  } catch (thrown) {
    if (thrown instanceof JsonInvalid) return thrown
    throw thrown
  }
  throw new Error(`accepted: ${json}`)
}

describe('what is accepted', () => {
  test.for([
    'null',
    ' [ 1 , -2.5e3 , true , false , "" ]\r\n\t',
    '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}',
    '{"a":"a","b":"a","\\"":"\\"","\\\\":"\\\\"}',
    '{"":0,"A":1,"a":2,"a ":3,"\\u0000":4}',
    '{"é":"\\u00e9","e\u0301":"😀","\\ud83d\\ude00!":"\ufeff"}',
    '"{[,:]}"',
    '{"a,":"{","b":["}","a","a"]}',
  ])('%s is what JSON.parse makes of it', (json) => {
    expect(parse(json)).toEqual(JSON.parse(json))
  })

  test('a view into a larger buffer is read within its bounds', () => {
    const bytes = encoder.encode('[[1]]')
    expect(parse(bytes.subarray(1, 4))).toEqual([1])
  })

  test('lone surrogates written as escapes are kept, in keys and in values', () => {
    expect(parse('{"\\ud800":"\\udfff"}')).toEqual({ '\ud800': '\udfff' })
  })

  test('a key __proto__ is an own property and changes no prototype', () => {
    const value = parse('{"__proto__":{"isAdmin":true}}') as object
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect('isAdmin' in value).toBe(false)
    expect('isAdmin' in { ...value }).toBe(false)
    expect('isAdmin' in {}).toBe(false)
  })

  test('names that every object inherits are keys like any other', () => {
    expect(parse('{"constructor":1,"toString":2,"hasOwnProperty":3}')).toEqual({
      constructor: 1,
      toString: 2,
      hasOwnProperty: 3,
    })
  })
})

describe('what is refused', () => {
  test.for([
    ['an overlong encoding', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate encoded as three bytes', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a sequence cut short', [0x22, 0xe2, 0x82, 0x22]],
    ['a stray continuation byte', [0x22, 0x80, 0x22]],
    ['a code point past U+10FFFF', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ['Latin-1', [0x22, 0xe9, 0x22]],
  ] as const)('%s is invalid UTF-8', ([, bytes]) => {
    expect(refusalOf(Uint8Array.from(bytes))).toMatchObject({ reason: 'invalid UTF-8', offset: undefined })
    expect(parse('"the next body is read as if nothing had happened"')).toBeTypeOf('string')
  })

  test('a byte order mark is refused at the start and kept inside a string', () => {
    expect(refusalOf('\ufeff{}')).toMatchObject({ reason: 'byte order mark', offset: 0 })
    expect(parse('"\ufeff"')).toBe('\ufeff')
  })

  test.for([
    '',
    ' ',
    '{',
    '[',
    '"',
    '"\\"',
    '}',
    ']]]]',
    '[}',
    '{]',
    '{"a":1]',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '[1,]',
    '{,}',
    '{1:2}',
    "{'a':1}",
    '{a:1}',
    '{"a":1 "a":2}',
    '["a" "b"]',
    '{} {}',
    '01',
    '.5',
    'NaN',
    'undefined',
    '"\t"',
    '"\\x"',
    '"\\u12"',
    '{"\\x":1}',
    '{"\\u00g0":1}',
    '// comment\n1',
    '1\u00a0',
    '[1]\u0000',
  ])('%j is malformed', (json) => {
    expect(refusalOf(json).reason).toBe('malformed JSON')
  })

  test('a refusal says where, when that is known', () => {
    expect(refusalOf('{"a":1,}')).toMatchObject({ offset: 7, message: 'malformed JSON at offset 7' })
    expect(refusalOf('{"\\x":1}')).toMatchObject({ offset: 1 })
    expect(refusalOf('{"a":1, "a":2}')).toMatchObject({ offset: 8, reason: 'duplicate key "a"' })
    expect(refusalOf('[[[1]]]', 2)).toMatchObject({ offset: 2, reason: 'nested deeper than 2 levels' })
  })

  test.for([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"\\u0041":1,"b":2,"A":3}',
    '{"\\/":1,"/":2}',
    '{"\\n":1,"\\u000a":2}',
    '{"\\ud83d\\ude00":1,"😀":2}',
    '{"\\uD800":1,"\\ud800":2}',
    '{"":1,"":2}',
    '{"\\\\":1,"\\u005c":2}',
    '{"\\"":1,"\\u0022":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a":{"b":[1,{"c":1}],"d":2},"a":3}',
    '[{},{"x":"x","x":"x"}]',
    '{"a":[{"b":{}}],"c":{},"c":[]}',
  ])('%s repeats a key', (json) => {
    expect(refusalOf(json).reason).toMatch(/^duplicate key "/)
  })

  test('a repeated key of any length is quoted in part', () => {
    const key = JSON.stringify('k'.repeat(100_000))
    expect(refusalOf(`{${key}:1,${key}:2}`).message.length).toBeLessThan(120)
  })

  test.for([
    ['1', 0],
    ['"[[["', 0],
    ['[]', 1],
    ['{"[":"{"}', 1],
    ['[[],[],{}]', 2],
    ['{"a":[{"b":1}]}', 3],
  ] as const)('%s is nested %i deep', ([json, depth]) => {
    expect(parse(json, depth)).toEqual(JSON.parse(json))
    if (depth > 0) expect(refusalOf(json, depth - 1).reason).toBe(`nested deeper than ${depth - 1} levels`)
  })

  test.for(['[', '{"a":', '[{"a":', '[[],'])('a million times %s is refused for its depth', (opening) => {
    expect(refusalOf(opening.repeat(1_000_000)).reason).toBe('nested deeper than 32 levels')
  })
})

describe('work grows with the length of the text only', () => {
  const count = 1_000_000

  test.for([
    ['escaped quotes', `"${'\\"'.repeat(count)}"`],
    ['backslashes', `"${'\\\\'.repeat(count)}"`],
    ['backslashes in a key', `{"${'\\\\'.repeat(count)}":1}`],
    ['one long string', `{"layerPartBlob":"${'A'.repeat(4 * count)}"}`],
  ] as const)('%s', ([, json]) => {
    expect(parse(json)).toEqual(JSON.parse(json))
  })

  test.for([
    ['an unterminated string of escaped quotes', '"'.concat('\\"'.repeat(count))],
    ['unterminated backslashes', '"'.concat('\\'.repeat(count))],
    ['quotes', '"'.repeat(count)],
    ['closing brackets', ']'.repeat(count)],
    ['commas', '{'.concat(','.repeat(count))],
  ] as const)('%s', ([, json]) => {
    expect(refusalOf(json).reason).toBe('malformed JSON')
  })
})

/** A source of choices that a property can shrink. */
type Choose = (below: number) => number

const choices = fc.infiniteStream(fc.nat()).map(
  (stream): Choose =>
    (below) => {
      const next = stream.next()
      return next.done ? 0 : next.value % below
    },
)

/** JSON text for a value, with white space and escapes put in by choice. */
function write(value: unknown, choose: Choose): string {
  const space = ['', '', ' ', '\n\t', '\r'][choose(5)]
  if (typeof value === 'string') return `${space}${writeString(value, choose)}`
  if (Array.isArray(value)) return `${space}[${value.map((item) => write(item, choose)).join(',')}${space}]`
  if (typeof value !== 'object' || value === null) return `${space}${JSON.stringify(value)}${space}`
  const members = Object.entries(value).map(([key, item]) => writeMember(key, item, choose))
  return `${space}{${members.join(`${space},`)}}${space}`
}

function writeMember(key: string, value: unknown, choose: Choose): string {
  return `${['', ' '][choose(2)]}${writeString(key, choose)}:${write(value, choose)}`
}

function writeString(text: string, choose: Choose): string {
  let literal = ''
  for (let at = 0; at < text.length; at++) {
    const unit = text.charAt(at)
    const escaped = `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`
    // Half of a surrogate pair cannot be encoded as UTF-8, so both halves are escaped, always.
    const mustEscape = unit < ' ' || unit === '"' || unit === '\\' || (unit >= '\ud800' && unit <= '\udfff')
    literal += mustEscape || choose(4) === 0 ? escaped : unit
  }
  return `"${literal}"`
}

const values = fc.jsonValue({ maxDepth: 6, noUnicodeString: false })

describe('properties', () => {
  test('a value without repeated keys is read as JSON.parse reads it, however it was written', () => {
    fc.assert(
      fc.property(values, choices, (value, choose) => {
        const json = write(value, choose)
        expect(parse(json)).toEqual(JSON.parse(json))
      }),
    )
  })

  test('a member repeated anywhere, however its key is written, is refused', () => {
    const keys = fc.string({ unit: 'binary' })
    const members = fc.dictionary(keys, fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 })
    fc.assert(
      fc.property(members, choices, fc.nat({ max: 12 }), (object, choose, layers) => {
        const entries = Object.entries(object)
        const written = entries.map(([key, value]) => writeMember(key, value, choose))
        const [key] = entries[choose(entries.length)]!
        written.splice(choose(written.length + 1), 0, writeMember(key, choose(3), choose))
        const json = `${'[0,{"a":'.repeat(layers)}{${written.join(',')}}${'}]'.repeat(layers)}`
        expect(JSON.parse(json)).toBeDefined()
        expect(refusalOf(json).reason).toMatch(/^duplicate key "/)
      }),
    )
  })

  test('bytes of any kind are read as JSON.parse reads them, or refused', () => {
    const soup = fc.uint8Array({ maxLength: 40 })
    const damaged = fc.tuple(values, choices, fc.nat({ max: 255 })).map(([value, choose, byte]) => {
      const bytes = encoder.encode(write(value, choose))
      bytes[choose(bytes.length)] = byte
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(soup, damaged), (bytes) => {
        let value: unknown
        try {
          value = parse(bytes)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(JsonInvalid)
          return
        }
        expect(value).toEqual(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)))
      }),
      { numRuns: 500 },
    )
  })

  test('text made of JSON tokens is refused exactly when it is malformed, too deep or repeats a key', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '"\\u0061"',
      '"}"',
      '"\\""',
      '1',
      '"',
      '\\',
    )
    const member = fc.tuple(fc.constantFrom('"a":', '"b":', '"\\u0061" :'), fc.constantFrom('1', '{}', '[{"a":"a"}]'))
    const object = fc
      .array(
        member.map((parts) => parts.join('')),
        { maxLength: 4 },
      )
      .map((all) => `{${all.join(',')}}`)
    const text = fc.array(fc.oneof(token, object), { maxLength: 12 }).map((tokens) => tokens.join(''))
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          object,
          fc.array(object).map((all) => `[${all.join(',')}]`),
        ),
        (json) => {
          const isAccepted = isJson(json) && depthOf(JSON.parse(json)) <= 2 && !repeatsKey(json)
          if (isAccepted) expect(parse(json, 2)).toEqual(JSON.parse(json))
          else refusalOf(json, 2)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function depthOf(value: unknown): number {
  return typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
}

/** By arithmetic: a member is lost for every repetition, so more colons were written than members can be counted. */
function repeatsKey(json: string): boolean {
  const colons = json.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1
  const membersOf = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 0
    const inner = Object.values(value).map(membersOf)
    return inner.reduce((sum, count) => sum + count, Array.isArray(value) ? 0 : inner.length)
  }
  return membersOf(JSON.parse(json)) < colons
}
