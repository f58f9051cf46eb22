#!/usr/bin/env node
import './setup/node-version.mjs'
import { build } from './setup/build.mjs'

build()
