/** Committing offsets for a group, with brokers that are away or silent. */

import { expect, it } from 'vitest'
import { KafkaCluster } from '../../../connectors/kafka/cluster.ts'
import { Commits } from '../../../connectors/kafka/commits.ts'
import type { KafkaLibrary } from '../../../connectors/kafka/library.ts'
import type { Clock } from '../../../engine/base/clock.ts'

const PLACE = { topic: 't', partition: 0 }

it('another coordinator is asked for when the last one cannot be reached', async () => {
  let coordinator = 'old'
  const dead = new Set<string>()
  const commits: string[] = []
  class ConnectionPool {
    async get({ host }: { host: string }) {
      if (dead.has(host)) throw new Error(`connect ECONNREFUSED ${host}`)
      return host
    }
    async getFirstAvailable() {
      return 'any'
    }
  }
  const api = (answer: (...args: unknown[]) => unknown) => ({
    api: { async: async (...args: unknown[]) => answer(...args) },
  })
  const kafka = {
    ConnectionPool,
    findCoordinatorV3: api(() => ({ coordinators: [{ host: coordinator, port: 1 }] })),
    offsetCommitV8: api((host) => commits.push(String(host))),
  } as unknown as KafkaLibrary
  const options = { kafka, bootstrapServers: 'b', clientId: 'c', connection: {} }
  const cluster = new KafkaCluster(options)
  await cluster.commit('g', [{ ...PLACE, offset: 1 }])
  dead.add('old')
  coordinator = 'new'
  await expect(cluster.commit('g', [{ ...PLACE, offset: 2 }])).rejects.toThrow(/ECONNREFUSED/)
  await cluster.commit('g', [{ ...PLACE, offset: 3 }])
  expect(commits).toEqual(['old', 'new'])
})

it('a broker that does not answer keeps nobody from ending', async () => {
  const waits: (() => void)[] = []
  const clock = {
    after(_waitMs: number, wake: () => void) {
      waits.push(wake)
      return () => {}
    },
  } as unknown as Clock
  const commits = new Commits('g', clock)
  commits.connected({ commit: () => new Promise(() => {}) } as unknown as KafkaCluster)
  commits.add(PLACE, 7)
  const closing = commits.close()
  for (const wake of waits) wake()
  await closing
})
