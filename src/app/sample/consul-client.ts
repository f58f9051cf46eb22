import Consul from 'consul'
import { pick, type RegistryClient } from './registry-client.ts'

/** Registered with the agent, found through its health endpoint, by the `consul` package. */
export function consulClient(hostAndPort: string): RegistryClient {
  const [host = '127.0.0.1', port = '8500'] = hostAndPort.split(':')
  const consul = new Consul({ host, port: Number(port) })
  const registered: string[] = []
  return {
    register: async (name, address, servicePort) => {
      const id = `${name}-${String(servicePort)}`
      await consul.agent.service.register({ name, id, address, port: servicePort })
      registered.push(id)
    },
    lookup: async (service) => {
      const entries = (await consul.health.service({ service, passing: true })) as readonly {
        Node: { Address: string }
        Service: { Address: string; Port: number }
      }[]
      const found = pick(entries)
      return found && `${found.Service.Address || found.Node.Address}:${String(found.Service.Port)}`
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(registered.map((id) => consul.agent.service.deregister(id)))
    },
  }
}
