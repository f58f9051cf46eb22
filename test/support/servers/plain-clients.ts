import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { serverPrograms } from './programs.ts'
import { PATIENCE_MS } from '../within.ts'

const execute = promisify(execFile)

/** Then it is killed, and the failure names the command. */
const LIMIT = { timeout: PATIENCE_MS, killSignal: 'SIGKILL' } as const

/** Runs one command of ZooKeeper's own shell, such as `create /a text`; returns what it printed. */
export async function zkCli(address: string, ...command: string[]): Promise<string> {
  const { java, zookeeper } = serverPrograms()
  const jvm = ['-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
  const shell = ['-cp', zookeeper.classpath, 'org.apache.zookeeper.ZooKeeperMain']
  const running = execute(java.command, [...jvm, ...shell, '-server', address, ...command], LIMIT)
  // The shell looks for more commands on an open input, also after the one it was given.
  running.child.stdin?.end()
  return (await running).stdout
}

/** Runs one command of Consul's own client, such as `services register web.json`. */
export async function consulCli(address: string, ...command: string[]): Promise<string> {
  const environment = { ...process.env, CONSUL_HTTP_ADDR: address }
  const { stdout } = await execute(serverPrograms().consul.command, command, {
    ...LIMIT,
    env: environment,
  })
  return stdout
}
