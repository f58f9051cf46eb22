#!/usr/bin/env node
import './setup/node-version.mjs'
import { resolve } from 'node:path'
import { installPackages } from './setup/install.mjs'

installPackages()

const { register } = await import('tsx/esm/api')
register()
// In this process, so that signals and exit code need nobody to pass them on.
const run = resolve(import.meta.dirname, '../test/run.ts')
process.argv = [process.execPath, run, ...process.argv.slice(2)]
await import('../test/run.ts')
