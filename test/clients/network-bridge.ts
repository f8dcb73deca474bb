import { randomBytes } from 'node:crypto'
import { runCommand } from '../support/command.ts'

/** From the addresses set aside for tests of networks (RFC 2544), which nobody routes. */
const address = '198.18.0.1/24'

export interface NetworkBridge extends AsyncDisposable {
  readonly name: string
}

/** A bridge of its own, with nothing on it but what is run there, and no way out; removed when disposed of. */
export async function openNetworkBridge(): Promise<NetworkBridge> {
  const name = `waybill-${randomBytes(3).toString('hex')}`
  const ip = (...args: string[]) => runCommand('ip', args)
  await ip('link', 'add', name, 'type', 'bridge')
  const remove = async () => void (await ip('link', 'delete', name))
  try {
    await ip('address', 'add', address, 'dev', name)
    await ip('link', 'set', name, 'up')
  } catch (error) {
    await remove()
    throw error
  }
  return { name, [Symbol.asyncDispose]: remove }
}
