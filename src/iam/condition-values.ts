import { BlockList, isIP } from 'node:net'

import { PolicyInvalid } from './policy-invalid.ts'

const NUMBER = /^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/

/** NaN for what is not a number in decimal notation. */
export function numberOf(text: string): number {
  return NUMBER.test(text) ? Number(text) : Number.NaN
}

/** The profile of ISO 8601 in the W3C note "Date and Time Formats"; what lacks a time zone is in UTC. */
const ISO_8601 =
  /^[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2}(T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?$/

/** Milliseconds since the epoch, of a date or of seconds since the epoch; NaN for anything else. Four digits are a year. */
export function instantOf(text: string): number {
  const iso = ISO_8601.exec(text)
  if (!iso) return numberOf(text) * 1000
  const [, time, zone] = iso
  return Date.parse(time !== undefined && zone === undefined ? `${text}Z` : text)
}

/**
 * Whether an address lies in any of the ranges, each `192.0.2.0/24`, `2001:db8::/32` or a single address. Throws
 * `PolicyInvalid` for what is none of these.
 */
export function compileRanges(ranges: readonly string[], path: string): (address: string) => boolean {
  // One list for each family, because a `BlockList` takes every IPv4 address to lie in `::/0`. Asked for an IPv6 address,
  // the list of IPv4 ranges knows those in which an IPv4 address is embedded.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const range of ranges) {
    const { address, prefix, family } = parseRange(range, path)
    lists[family].addSubnet(address, prefix, family)
  }
  return (address) => {
    const family = familyOf(address)
    if (family === undefined) return false
    return lists.ipv4.check(address, family) || (family === 'ipv6' && lists.ipv6.check(address, family))
  }
}

type Family = 'ipv4' | 'ipv6'

function parseRange(text: string, path: string): { address: string; prefix: number; family: Family } {
  const [, address = '', prefixText] = /^([0-9A-Fa-f.:]+)(?:\/([0-9]{1,3}))?$/.exec(text) ?? []
  const family = familyOf(address)
  const bits = family === 'ipv6' ? 128 : 32
  const prefix = prefixText === undefined ? bits : Number(prefixText)
  if (family === undefined || prefix > bits) {
    throw new PolicyInvalid('not an IP address or a range in CIDR notation', path)
  }
  return { address, prefix, family }
}

function familyOf(address: string): Family | undefined {
  const version = isIP(address)
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined
}
