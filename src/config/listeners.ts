import { z } from 'zod'
import { port } from './fields.ts'

export const listenOn = (host: string, listenPort: number) =>
  z
    .strictObject({ host: z.string().min(1).default(host), port: port.default(listenPort) })
    .prefault({})

/** Each process has its own, so that one file can describe all three on one machine. */
export const admin = (listenPort: number) =>
  listenOn('127.0.0.1', listenPort).describe('Health, metrics and status; loopback by default')
