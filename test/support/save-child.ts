import { FileStateStore } from '../../adapters/state-stores/file/state-store.ts'
import { errorCode } from '../../src/kernel/errors.ts'

/**
 * Appends `word` to a state again and again, beside others that do the same, and says `saved` or
 * the error's code after each attempt; so often as it is told, else for ever.
 */
const [folder = '', word = '', times = 'Infinity'] = process.argv.slice(2)
const { signal } = new AbortController()
const store = new FileStateStore(folder)
for (let saves = 0; saves < Number(times);) {
  const entry = await store.load('ports', signal)
  try {
    await store.save('ports', `${entry?.value ?? ''}${word}`, entry?.version, signal)
    saves += 1
    process.stdout.write('saved\n')
  } catch (error) {
    process.stdout.write(`${String(errorCode(error))}\n`)
  }
}
