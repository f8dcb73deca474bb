import type { AccessKey } from '../auth/access-keys.ts'

/** An access key, in lines that can be pasted into a shell: for the one time that its secret is shown. */
export function shownKey({ accessKeyId, secretAccessKey }: AccessKey): string {
  return `  export AWS_ACCESS_KEY_ID=${accessKeyId}
  export AWS_SECRET_ACCESS_KEY=${secretAccessKey}`
}

export const shownOnce = 'It is shown this once: keep it.'
