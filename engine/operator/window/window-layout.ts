/** How aligned windows lie on the time line. Windows that overlap are made of slices that do not: a
 *  row goes into one slice, and a window is the sum of its slices, so that the cost of a row does
 *  not grow with size/slide (Traub et al., "General Stream Slicing", EDBT 2019). Microseconds. */

import { fail } from '../../base/errors.ts'
import type { AlignedSpec } from '../nodes.ts'

export interface WindowLayout {
  /** Of the longest windows. */
  readonly sizeUs: number
  /** Slices are [offset + n * slice, offset + (n + 1) * slice). */
  readonly sliceUs: number
  readonly offsetUs: number
  /** Where a window that ends here begins. */
  start(endUs: number): number
  /** Ends of the windows that hold the slice that begins here, ascending; empty if none does. */
  ends(sliceStartUs: number): number[]
}

export function layoutOf(spec: AlignedSpec): WindowLayout {
  switch (spec.kind) {
    case 'tumble':
      return {
        sizeUs: spec.sizeUs,
        sliceUs: spec.sizeUs,
        offsetUs: spec.offsetUs,
        start: (endUs) => endUs - spec.sizeUs,
        ends: (sliceStartUs) => [sliceStartUs + spec.sizeUs],
      }
    case 'hop':
      return hopLayout(spec.slideUs, spec.sizeUs, spec.offsetUs)
    case 'cumulate':
      return cumulateLayout(spec.stepUs, spec.sizeUs, spec.offsetUs)
  }
}

function hopLayout(slideUs: number, sizeUs: number, offsetUs: number): WindowLayout {
  const sliceUs = greatestDivisor(slideUs, sizeUs)
  return {
    sizeUs,
    sliceUs,
    offsetUs,
    start: (endUs) => endUs - sizeUs,
    ends(sliceStartUs) {
      const hops = Math.ceil((sliceStartUs + sliceUs - offsetUs - sizeUs) / slideUs)
      const ends: number[] = []
      for (
        let end = offsetUs + sizeUs + hops * slideUs;
        end - sizeUs <= sliceStartUs;
        end += slideUs
      ) {
        ends.push(end)
      }
      return ends
    },
  }
}

function cumulateLayout(stepUs: number, sizeUs: number, offsetUs: number): WindowLayout {
  const base = (us: number) => offsetUs + Math.floor((us - offsetUs) / sizeUs) * sizeUs
  return {
    sizeUs,
    sliceUs: stepUs,
    offsetUs,
    start: (endUs) => base(endUs - stepUs),
    ends(sliceStartUs) {
      const last = base(sliceStartUs) + sizeUs
      const ends: number[] = []
      for (let end = sliceStartUs + stepUs; end <= last; end += stepUs) ends.push(end)
      return ends
    },
  }
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b)
}

/** A window may hold this many slices at most: each is a table of its own. */
const SLICES_MAX = 100_000

/** Refuses lengths that make no windows: INVALID_ARGUMENT with what would. */
export function checkWindow(spec: AlignedSpec): void {
  const { sizeUs } = spec
  if (!(sizeUs > 0)) fail('INVALID_ARGUMENT', 'A window must be longer than nothing')
  if (spec.kind === 'hop' && !(spec.slideUs > 0)) {
    fail('INVALID_ARGUMENT', 'HOP must move on: its slide is its second argument after the table')
  }
  if (spec.kind === 'cumulate' && !(spec.stepUs > 0 && sizeUs % spec.stepUs === 0)) {
    fail('INVALID_ARGUMENT', 'The size of CUMULATE must be a multiple of its step', {
      hint: 'The step comes before the size: CUMULATE(TABLE t, DESCRIPTOR(ts), step, size).',
    })
  }
  if (sizeUs / layoutOf(spec).sliceUs > SLICES_MAX) {
    fail('LIMIT_EXCEEDED', `The window is made of more than ${SLICES_MAX} slices`, {
      hint: 'Choose a slide that divides the size into fewer parts.',
    })
  }
}

/** `TUMBLE 60 s`, `HOP 2 s of 10 s offset 1 s` */
export function printWindow(spec: AlignedSpec): string {
  const by = spec.kind === 'hop' ? `${seconds(spec.slideUs)} of ` : ''
  const step = spec.kind === 'cumulate' ? `${seconds(spec.stepUs)} of ` : ''
  const offset = spec.offsetUs === 0 ? '' : ` offset ${seconds(spec.offsetUs)}`
  return `${spec.kind.toUpperCase()} ${by}${step}${seconds(spec.sizeUs)}${offset}`
}

export const seconds = (us: number): string => `${us / 1e6} s`
