import { expect, test } from 'vitest'
import { assertSafeBind, isLoopback } from './safe-bind.ts'

test.each(['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1'])(
  '%s is this machine only',
  host => {
    expect(isLoopback(host)).toBe(true)
    expect(() => assertSafeBind({ host, keys: [], insecure: false })).not.toThrow()
  },
)

test.each(['0.0.0.0', '::', '192.168.1.5', '8.8.8.8', 'fd00::1', 'myhost', '127.0.0.1.nip.io', '', '0'])(
  '%j is refused without a key, with three ways out',
  host => {
    expect(() => assertSafeBind({ host, keys: [], insecure: false })).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/1\. [^]*--key[^]*2\. [^]*127\.0\.0\.1[^]*3\. [^]*--insecure-no-auth/),
      }),
    )
    expect(() => assertSafeBind({ host, keys: ['k'], insecure: false })).not.toThrow()
    expect(() => assertSafeBind({ host, keys: [], insecure: true })).not.toThrow()
  },
)
