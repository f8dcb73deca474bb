import type { Command } from 'commander'
import { expect, test } from 'vitest'

import { createProgram } from './program.ts'

/** Every command with its name in full, `waybill` itself first. */
function everyCommand(command: Command, path = command.name()): [path: string, command: Command][] {
  const below = command.commands.flatMap((child) => everyCommand(child, `${path} ${child.name()}`))
  return [[path, command], ...below]
}

function helpOf(command: Command): string {
  const written: string[] = []
  command.configureOutput({ writeOut: (text) => written.push(text) }).outputHelp()
  return written.join('')
}

const commands = everyCommand(createProgram())

test('there is a command for everything there is to manage', () => {
  const names = ['serve', 'config', 'login-password', 'account', 'alias', 'user', 'key', 'policy', 'repository']
  expect(commands.map(([path]) => path)).toEqual(expect.arrayContaining(names.map((name) => `waybill ${name}`)))
})

test.for(commands)(
  '%s has a help that says what it does, with an example that can be parsed',
  async ([path, command]) => {
    const help = helpOf(command)
    expect(help).toContain(`Usage: ${path} `)
    expect(command.description()).not.toBe('')
    const [, example] = /\nExample:\n {2}(waybill [^\n\\]+)/.exec(help) ?? []
    expect(example).toBeDefined()
    expect(example!.startsWith(path)).toBe(true)

    // Parsed for real, with every action replaced: a flag or an argument that there is not would be refused.
    const parsed: string[] = []
    const program = createProgram()
    for (const [name, each] of everyCommand(program)) each.action(() => void parsed.push(name))
    await program.parseAsync(argumentsIn(example!), { from: 'user' })
    expect(parsed).toHaveLength(1)
    expect(parsed[0]!.startsWith(path)).toBe(true)
  },
)

test.for(commands)('%s shows no secret among its flags', ([, command]) => {
  expect(helpOf(command)).not.toMatch(/--secret-key|--admin-secret-access-key/)
})

/** As a shell would split them: at spaces that are not between double quotes. */
function argumentsIn(line: string): string[] {
  const words = [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word)
  return words.slice(1)
}
