#!/usr/bin/env node
import './setup/node-version.mjs'
import { installPackages } from './setup/install.mjs'

installPackages()
