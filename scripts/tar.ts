const blockBytes = 512

/** A tar archive (POSIX ustar) of regular files, by path. Enough to make a layer; paths are under 100 characters. */
export function tarOf(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const pieces = Object.entries(files).flatMap(([path, content]) => {
    const bytes = Buffer.from(content as Uint8Array)
    return [tarHeader(path, bytes.length), bytes, Buffer.alloc(-bytes.length & (blockBytes - 1))]
  })
  return Buffer.concat([...pieces, Buffer.alloc(2 * blockBytes)])
}

function tarHeader(path: string, bytes: number): Buffer {
  const header = Buffer.alloc(blockBytes)
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`
  header.write(path, 0)
  header.write(octal(0o644, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(bytes, 11), 124)
  header.write(octal(0, 11), 136)
  header.write(' '.repeat(8), 148)
  header.write('0', 156)
  header.write('ustar\0' + '00', 257)
  const checksum = header.reduce((sum, byte) => sum + byte, 0)
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}
