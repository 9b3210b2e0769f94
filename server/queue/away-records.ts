/** Records of a consumer group that cannot be given out for now: a consumer has them, or they wait
 *  for their time, or they are being given up. */

export interface Place {
  readonly split: number
  readonly offset: number
}

const textOf = ({ split, offset }: Place): string => `${split}/${offset}`

/** Each place once. */
export const distinct = (places: readonly Place[]): Place[] => [
  ...new Map(places.map((place) => [textOf(place), place])).values(),
]

export class AwayRecords {
  /** The records' keys, where the order asks for them. */
  readonly #keys = new Map<string, string | null>()
  /** How many of them have the key, and are of the split. */
  readonly #ofKey = new Map<string, number>()
  readonly #ofSplit: number[]
  readonly #dying = new Set<string>()

  constructor(splitCount: number) {
    this.#ofSplit = Array(splitCount).fill(0)
  }

  add(place: Place, key: string | null): void {
    this.#keys.set(textOf(place), key)
    this.#ofSplit[place.split]++
    if (key !== null) this.#ofKey.set(key, (this.#ofKey.get(key) ?? 0) + 1)
  }

  has(place: Place): boolean {
    return this.#keys.has(textOf(place))
  }

  remove(place: Place): void {
    const text = textOf(place)
    const key = this.#keys.get(text)
    if (key === undefined) return
    this.#keys.delete(text)
    this.#ofSplit[place.split]--
    if (key === null) return
    const left = (this.#ofKey.get(key) ?? 1) - 1
    if (left > 0) this.#ofKey.set(key, left)
    else this.#ofKey.delete(key)
  }

  hasKey(key: string): boolean {
    return this.#ofKey.has(key)
  }

  hasSplit(split: number): boolean {
    return this.#ofSplit[split] > 0
  }

  isDying(place: Place): boolean {
    return this.#dying.has(textOf(place))
  }

  /** While the record is given up, nobody else decides on it. */
  async dying(place: Place, action: () => Promise<void>): Promise<void> {
    const text = textOf(place)
    this.#dying.add(text)
    try {
      await action()
    } finally {
      this.#dying.delete(text)
    }
  }
}
