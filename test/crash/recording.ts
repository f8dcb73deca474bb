import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { runCommand } from '../support/command.ts'

/** A change of the files of a recorded process, or the beginning or the end of a sync: see recorder.c. */
export type RecordedCall =
  | { readonly kind: 'create' | 'unlink' | 'mkdir'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'sync begins' | 'sync ends'; readonly path: string; readonly sync: number }

/** Everything a process has done to the files below a folder, so far. */
export class Recording {
  readonly folder: string
  readonly #file: string
  readonly #recorder: string

  private constructor(folder: string, file: string, recorder: string) {
    this.folder = folder
    this.#file = file
    this.#recorder = recorder
  }

  /** Of `folder`; builds the recorder, with the C compiler of the system, in `workFolder`. */
  static async prepare(folder: string, workFolder: string): Promise<Recording> {
    const recorder = join(workFolder, 'recorder.so')
    const source = join(import.meta.dirname, 'recorder.c')
    await runCommand('cc', ['-shared', '-fPIC', '-O2', '-Wall', '-Werror', '-o', recorder, source, '-lpthread'])
    return new Recording(folder, join(workFolder, 'recording'), recorder)
  }

  /** What makes a process write its recording. */
  get environment(): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: this.#recorder,
      WAYBILL_TEST_RECORDING: this.#file,
      WAYBILL_TEST_RECORDED_FOLDER: this.folder,
    }
  }

  /** How long the recording is: where it is in time. Whatever has been done by now comes before it. */
  async position(): Promise<number> {
    return (await stat(this.#file)).size
  }

  /** The calls in order, each with the position behind it. */
  async calls(): Promise<readonly (readonly [position: number, call: RecordedCall])[]> {
    const recorded = await readFile(this.#file)
    const calls: [number, RecordedCall][] = []
    for (let position = 0; position < recorded.length; ) {
      const { call, end } = readCall(recorded, position)
      calls.push([end, call])
      position = end
    }
    return calls
  }
}

const headBytes = 32

function readCall(recorded: Buffer, start: number): { call: RecordedCall; end: number } {
  const numberAt = (index: number) => recorded.readUInt32LE(start + 4 * index)
  const [pathLength, toLength, bytes, sync] = [numberAt(1), numberAt(2), numberAt(3), numberAt(4)]
  const number = Number(recorded.readBigUInt64LE(start + 24))
  const pathAt = start + headBytes
  const dataAt = pathAt + pathLength + toLength
  const path = recorded.toString('utf8', pathAt, pathAt + pathLength)
  const to = recorded.toString('utf8', pathAt + pathLength, dataAt)
  const end = dataAt + bytes
  const kind = String.fromCharCode(numberAt(0))
  switch (kind) {
    case 'w':
      return { call: { kind: 'write', path, offset: number, data: recorded.subarray(dataAt, end) }, end }
    case 't':
      return { call: { kind: 'truncate', path, bytes: number }, end }
    case 'r':
    case 'l':
      return { call: { kind: kind === 'r' ? 'rename' : 'link', path, to }, end }
    case '(':
    case ')':
      return { call: { kind: kind === '(' ? 'sync begins' : 'sync ends', path, sync }, end }
    case 'c':
    case 'u':
    case 'd':
      return { call: { kind: ({ c: 'create', u: 'unlink', d: 'mkdir' } as const)[kind], path }, end }
    default:
      throw new Error(`the recording is damaged at ${start}`)
  }
}
