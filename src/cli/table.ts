/** Rows under a heading, in columns as wide as their widest cell. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return columns([heading.map((title) => title.toUpperCase()), ...rows])
}

/** One thing's facts, a line each. */
export function facts(of: Readonly<Record<string, string>>): string {
  return columns(Object.entries(of))
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A time in milliseconds, to the second. */
export function shownTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}

export function shownSwitch(isOn: boolean): 'on' | 'off' {
  return isOn ? 'on' : 'off'
}

/** A size in bytes, in the unit that suits it. */
export function shownBytes(bytes: number): string {
  const power = Math.min(byteUnits.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const value = bytes / 1024 ** power
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${byteUnits[power]}`
}

const byteUnits = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const
