/** `host:port` of the ZooKeeper of this test run. It has no data but what tests put there. */
export function sharedZookeeper(): string {
  return fromTestRun('ISTHMUS_TEST_ZOOKEEPER')
}

/** `http://host:port` of the Consul of this test run. */
export function sharedConsul(): string {
  return fromTestRun('ISTHMUS_TEST_CONSUL')
}

function fromTestRun(variable: string): string {
  const address = process.env[variable]
  if (address === undefined) {
    throw new Error(
      `${variable} is not set: run this test by \`npm test -- <file>\`, or start the servers with ` +
        '`npx tsx test/run.ts --servers-only` and set what it prints',
    )
  }
  return address
}
