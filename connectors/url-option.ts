/** Options that are addresses. */

import { fail } from '../engine/base/errors.ts'

/** INVALID_OPTION unless the option, if it is given, is an address of one of these schemes without
 *  a user in it: options are shown, but for those that are marked as secret. */
export function checkUrl(
  options: Readonly<Record<string, string>>,
  option: string,
  schemes: readonly string[],
): void {
  const text = options[option]
  if (text === undefined) return
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isGood = url !== undefined && url.host !== '' && schemes.includes(url.protocol.slice(0, -1))
  if (!isGood) {
    fail('INVALID_OPTION', `The option '${option}' is no address that can be used here`, {
      hint: `It begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
    })
  }
  if (url.username !== '' || url.password !== '') refuseUser(option)
}

/** INVALID_OPTION if one of the servers in a list with commas has a user before it. */
export function checkServers(options: Readonly<Record<string, string>>, option: string): void {
  if (options[option].includes('@')) refuseUser(option)
}

function refuseUser(option: string): never {
  return fail('INVALID_OPTION', `The option '${option}' has a user in it`, {
    hint: 'There are other options for credentials; they are not shown again.',
  })
}
