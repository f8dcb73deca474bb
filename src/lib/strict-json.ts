/**
 * Why a body is not JSON that we accept. `reason` is our own sentence, fit to be sent back; `offset` counts UTF-16
 * units from the start of the text (bytes, where the text is ASCII) and is undefined where it is not known.
 */
export class JsonInvalid extends Error {
  override readonly name = 'JsonInvalid'
  readonly reason: string
  readonly offset: number | undefined

  constructor(reason: string, offset?: number, options?: ErrorOptions) {
    super(offset === undefined ? reason : `${reason} at offset ${offset}`, options)
    this.reason = reason
    this.offset = offset
  }
}

/**
 * JSON that came from the network: RFC 8259 in UTF-8, but nothing that parsers read differently. A repeated key (is it
 * the first that counts, or the last?), bytes that are not UTF-8, and a byte order mark are refused; otherwise what one
 * program has checked is not what another one uses. Scalars have depth 0, `[]` and `{}` have depth 1.
 *
 * A key `__proto__` becomes an own, ordinary property, as `JSON.parse` defines it, and no prototype changes. It stays
 * harmless while members are read by name or copied by spread, and not assigned under computed names.
 *
 * Throws `JsonInvalid`, nothing else.
 */
export function parseStrictJson(bytes: Uint8Array, limits: { readonly depthMax: number }): unknown {
  const text = decode(bytes)
  checkStructure(text, limits.depthMax)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw malformed(cause)
  }
}

// Without `ignoreBOM` the decoder would swallow the mark that is to be refused.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(bytes: Uint8Array): string {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch (cause) {
    throw new JsonInvalid('invalid UTF-8', undefined, { cause })
  }
  if (text.charCodeAt(0) === 0xfeff) throw new JsonInvalid('byte order mark', 0)
  return text
}

/**
 * Depth and repeated keys, in one pass that leaves the grammar to `JSON.parse`: whatever this makes of text that is not
 * JSON, the parser refuses afterwards. Strings, which are nearly all of a large body, are skipped by native search.
 */
function checkStructure(text: string, depthMax: number): void {
  // The keys seen in each open object, undefined for an open array: the innermost in `keys`, the others in `outer`.
  const outer: (Set<string> | undefined)[] = []
  let keys: Set<string> | undefined
  // Where the next string belongs if it is a key; undefined if it would be a value.
  let keysNext: Set<string> | undefined

  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at + 1)
        if (end === -1) return
        if (keysNext) addKey(keysNext, text, at, end)
        keysNext = undefined
        at = end
        break
      }
      case '{':
      case '[':
        if (outer.push(keys) > depthMax) throw new JsonInvalid(`nested deeper than ${depthMax} levels`, at)
        keys = text[at] === '{' ? new Set() : undefined
        keysNext = keys
        break
      case '}':
      case ']':
        keys = outer.pop()
        keysNext = undefined
        break
      case ',':
        keysNext = keys
        break
    }
  }
}

/** The offset of the quote that closes the string opened before `start`, or -1. No backslash is looked at twice. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start)
  while (quote !== -1) {
    let escapes = quote
    while (text[escapes - 1] === '\\') escapes--
    if ((quote - escapes) % 2 === 0) return quote
    quote = text.indexOf('"', quote + 1)
  }
  return -1
}

/** `start` and `end` are the offsets of the key's two quotes. */
function addKey(keys: Set<string>, text: string, start: number, end: number): void {
  let key = text.slice(start + 1, end)
  if (key.includes('\\')) key = unescaped(text.slice(start, end + 1), start)
  if (keys.has(key)) throw new JsonInvalid(`duplicate key ${JSON.stringify(key.slice(0, KEY_CHARS_SHOWN_MAX))}`, start)
  keys.add(key)
}

const KEY_CHARS_SHOWN_MAX = 64

function unescaped(literal: string, offset: number): string {
  try {
    return JSON.parse(literal) as string
  } catch (cause) {
    throw new JsonInvalid('malformed JSON', offset, { cause })
  }
}

/** V8's own sentence quotes the text and changes between releases, so only the position is taken from it. */
function malformed(cause: unknown): JsonInvalid {
  const position = cause instanceof SyntaxError ? / at position (\d+)/.exec(cause.message)?.[1] : undefined
  return new JsonInvalid('malformed JSON', position === undefined ? undefined : Number(position), { cause })
}
