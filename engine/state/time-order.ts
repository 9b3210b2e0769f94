/** Slots in the order of their times, quickly also for a million of them. */

/** Beyond this a double does not hold every whole number. */
const EXACT_MAX = 2 ** 53

/** Sorts `slots` in place by `times[slot]` (whole numbers), and by number where those are equal. */
export function inTimeOrder(slots: Int32Array, times: Float64Array): Int32Array {
  if (isInOrder(slots, times)) return slots
  slots.sort()
  let [first, last] = [Infinity, -Infinity]
  for (const slot of slots) {
    if (times[slot] < first) first = times[slot]
    if (times[slot] > last) last = times[slot]
  }
  // A power of two, so that the place comes back exactly.
  const places = 2 ** Math.ceil(Math.log2(slots.length))
  if ((last - first + 1) * places > EXACT_MAX) {
    return slots.sort((a, b) => times[a] - times[b] || a - b)
  }
  const packed = new Float64Array(slots.length)
  for (let place = 0; place < slots.length; place++) {
    packed[place] = (times[slots[place]] - first) * places + place
  }
  const byNumber = slots.slice()
  packed.sort()
  for (let i = 0; i < slots.length; i++) {
    slots[i] = byNumber[packed[i] - Math.floor(packed[i] / places) * places]
  }
  return slots
}

function isInOrder(slots: Int32Array, times: Float64Array): boolean {
  for (let i = 1; i < slots.length; i++) {
    const [a, b] = [times[slots[i - 1]], times[slots[i]]]
    if (a > b || (a === b && slots[i - 1] > slots[i])) return false
  }
  return true
}

/** The numbers at these slots, in their order. */
export function doublesAt(slots: Int32Array, values: Float64Array): Float64Array {
  const picked = new Float64Array(slots.length)
  for (let i = 0; i < slots.length; i++) picked[i] = values[slots[i]]
  return picked
}

export function intsAt(slots: Int32Array, values: Int32Array): Int32Array {
  const picked = new Int32Array(slots.length)
  for (let i = 0; i < slots.length; i++) picked[i] = values[slots[i]]
  return picked
}
