/** Changes that someone asked for: made at the beginning of the next epoch, answered when that
 *  epoch's journal entry is durable. */

import { asSqlError } from '../base/errors.ts'
import type { QueryPlan } from '../plan/physical.ts'
import { applyChange } from './apply-change.ts'
import type { Change } from './change.ts'
import type { Dataflow } from './dataflow.ts'
import { planToText } from './take-over.ts'

interface Request {
  readonly change: Change
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class ChangeRequests {
  readonly #dataflow: Dataflow
  readonly #plans: Map<string, QueryPlan>
  #requests: Request[] = []
  #made: Request[] = []

  /** `plans`: by id, those that may be attached. */
  constructor(dataflow: Dataflow, plans: Map<string, QueryPlan>) {
    this.#dataflow = dataflow
    this.#plans = plans
  }

  get waiting(): boolean {
    return this.#requests.length > 0
  }

  /** `replaces`: the query whose place it takes, and its plan. */
  attach(plan: QueryPlan, replaces?: QueryPlan): Promise<void> {
    this.#plans.set(plan.id, plan)
    if (replaces === undefined) return this.add({ kind: 'attach', queryId: plan.id })
    const before = planToText(replaces)
    return this.add({ kind: 'replace', queryId: replaces.id, by: plan.id, before })
  }

  add(change: Change): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#requests.push({ change, resolve, reject })
    })
  }

  /** Makes all changes and returns those to write to the journal. One that cannot be made is
   *  refused alone. */
  makeAll(): Change[] {
    const made: Change[] = []
    for (const request of this.#requests.splice(0)) {
      try {
        const changed = applyChange(this.#dataflow, request.change, (id) => this.#plans.get(id))
        if (!changed) {
          request.resolve()
          continue
        }
        made.push(request.change)
        this.#made.push(request)
      } catch (error) {
        request.reject(asSqlError(error))
      }
    }
    return made
  }

  /** Answers the changes made so far as soon as `durable` resolves, or with its error. */
  answerAfter(durable: Promise<unknown>): void {
    const made = this.#made.splice(0)
    durable.then(
      () => {
        for (const { resolve } of made) resolve()
      },
      (error) => {
        for (const { reject } of made) reject(asSqlError(error))
      },
    )
  }

  rejectAll(error: unknown): void {
    for (const { reject } of [...this.#requests.splice(0), ...this.#made.splice(0)]) reject(error)
  }
}
