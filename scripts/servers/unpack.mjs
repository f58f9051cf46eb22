import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { run } from './run.mjs'

/**
 * Downloads packages and unpacks them without installing. `target` appears by one rename, so a
 * folder that exists is whole, whenever the command was interrupted; `finish(root)` runs before.
 */
export function fetchInto(target, scratch, apt, names, finish = () => {}) {
  const debs = join(scratch, 'debs')
  const root = join(scratch, 'root')
  for (const folder of [debs, root]) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
  }
  apt.download(names, debs)
  for (const deb of readdirSync(debs)) run('dpkg-deb', ['-x', join(debs, deb), root])
  repointLinks(root, root)
  finish(root)
  moveInto(target, root)
}

function moveInto(target, root) {
  try {
    renameSync(root, target)
  } catch (error) {
    // Another run was faster: what it put there is as good as ours.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  }
}

/** Packages link to each other by absolute paths, which here lie below `root`. */
function repointLinks(folder, root) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) repointLinks(path, root)
    if (!entry.isSymbolicLink()) continue
    const target = readlinkSync(path)
    if (!target.startsWith('/') || !isThere(join(root, target))) continue
    rmSync(path)
    symlinkSync(relative(dirname(path), join(root, target)), path)
  }
}

function isThere(path) {
  return existsSync(path) || Boolean(lstatSync(path, { throwIfNoEntry: false }))
}

/** Removes what interrupted runs left: scratch folders whose process is gone. */
export function sweepScratch(cache) {
  for (const name of readdirSync(cache)) {
    const pid = /^scratch-(\d+)$/.exec(name)?.[1]
    if (pid && !isRunning(Number(pid))) rmSync(join(cache, name), { recursive: true, force: true })
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
