#!/usr/bin/env node
import './setup/node-version.mjs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from './setup/build.mjs'
import { installPackages } from './setup/install.mjs'

installPackages()
build()

// In this process, so that signals and exit code need nobody to pass them on.
const cli = resolve(import.meta.dirname, '../dist/src/cli.js')
process.argv = [process.execPath, cli, 'demo', ...process.argv.slice(2)]
await import(pathToFileURL(cli).href)
