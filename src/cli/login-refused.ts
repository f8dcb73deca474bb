/** No password was to be had from the registry. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused'
}
