#!/usr/bin/env node
import { Command } from 'commander'

import { addServe } from './serve.ts'
import { version } from './version.ts'

const program = new Command('waybill')
  .description('A self-hosted container registry: the Amazon ECR Public API and the OCI registry protocol on one port.')
  .version(version)
  .showHelpAfterError('Run `waybill --help` to see what there is.')

addServe(program)

await program.parseAsync()
