import { BlockList, isIP, isIPv6 } from 'node:net'

/** One address, with all its bits as the prefix, or all that begin with the prefix (CIDR). */
export interface AddressRange {
  readonly address: string
  readonly prefixBits: number
}

/** The reverse proxies that are believed when they say for whom, and by which name and scheme, they ask. */
export class TrustedProxies {
  readonly #ranges = new BlockList()

  constructor(ranges: readonly AddressRange[]) {
    for (const { address, prefixBits } of ranges) this.#ranges.addSubnet(address, prefixBits, familyOf(address))
  }

  /** IPv4 in the clothes of IPv6 (`::ffff:10.0.0.1`) is known as well. */
  has(address: string | undefined): boolean {
    return address !== undefined && isIP(address) !== 0 && this.#ranges.check(address, familyOf(address))
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
