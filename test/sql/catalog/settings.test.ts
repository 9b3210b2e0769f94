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

it('refuses values that mean nothing', () => {
  const settings = new Settings()
  expect(() => settings.set('millrace.rows-max', '0')).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  )
  expect(() => settings.set('table.local-time-zone', 'Europe/Zurick')).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', hint: 'Did you mean Europe/Zurich?' }),
  )
  expect(() => settings.set('table.exec.state.ttl', 'soon')).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  )
})

it('gives the session that a statement is made in', () => {
  const settings = new Settings()
  expect(settings.session).toEqual({ timeZone: 'UTC', stateTtlUs: 0 })
  settings.set('table.local-time-zone', 'Europe/Zurich')
  settings.set('table.exec.state.ttl', '1 h')
  expect(settings.session).toEqual({ timeZone: 'Europe/Zurich', stateTtlUs: 3_600_000_000 })
})
