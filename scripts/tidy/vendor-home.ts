/** One home per vendor library (see `vendors.ts`). */

import { sourceRule } from './rule.ts'
import { isTest, packageOf } from './tree.ts'
import { VENDORS } from './vendors.ts'

const HOMES = new Map(VENDORS.map((vendor) => [vendor.name, vendor.homes]))

export const vendorHome = sourceRule('vendor-home', function* (file) {
  if (isTest(file.path) || file.path.startsWith('bench/')) return
  for (const { specifier, line } of file.imports) {
    const name = packageOf(specifier)
    const homes = name === undefined ? undefined : HOMES.get(name)
    if (homes === undefined || homes.some((home) => file.path.startsWith(home))) continue
    const wanted = homes.length === 0 ? 'in tests and bench only' : `in ${homes.join(' or ')} only`
    yield { line, message: `${name} is imported ${wanted}: use what that home exports` }
  }
})
