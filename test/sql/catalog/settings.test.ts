import { expect, it } from 'vitest'
import { Settings } from '../../../sql/catalog/settings.ts'

it('starts with defaults, keeps canonical values and forgets them again', () => {
  const settings = new Settings()
  expect(settings.get('table.exec.state.ttl')).toBe('0')
  expect(settings.get('millrace.rows-max')).toBe('100000')
  settings.set('millrace.rows-max', ' 5 ')
  expect(settings.get('millrace.rows-max')).toBe('5')
  expect(settings.list().find((row) => row.key === 'millrace.rows-max')?.isDefault).toBe(false)
  settings.reset('millrace.rows-max')
  expect(settings.get('millrace.rows-max')).toBe('100000')
  settings.set('millrace.rows-max', '7')
  settings.reset()
  expect(settings.get('millrace.rows-max')).toBe('100000')
})

it('names the nearest setting', () => {
  expect(() => new Settings().set('table.exec.state.tll', '1 h')).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_OPTION', hint: 'Did you mean table.exec.state.ttl?' }),
  )
  expect(() => new Settings().reset('constructor')).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_OPTION' }),
  )
})

it('refuses what the engine would ignore', () => {
  const settings = new Settings()
  settings.set('table.local-time-zone', 'utc')
  settings.set('table.exec.state.ttl', '0 s')
  for (const [key, value] of [
    ['table.local-time-zone', 'Europe/Zurich'],
    ['table.exec.state.ttl', '1 h'],
  ]) {
    expect(() => settings.set(key, value)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  }
  expect(() => settings.set('millrace.rows-max', '0')).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  )
})
