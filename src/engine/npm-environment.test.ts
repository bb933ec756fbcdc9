import { expect, test } from 'vitest'
import { npmEnvironment } from './npm-environment.ts'

test('npm gets its settings, its proxies and where it is at home', () => {
  const environment = {
    PATH: '/bin',
    HOME: '/home/me',
    npm_config_registry: 'http://localhost',
    NPM_CONFIG_CAFILE: '/ca.pem',
    HTTPS_PROXY: 'http://proxy',
    no_proxy: 'localhost',
  }
  expect(npmEnvironment(environment)).toEqual(environment)
})

test('npm gets no keys of ours', () => {
  expect(
    npmEnvironment({ ANTHROPIC_API_KEY: 'k', AWS_SECRET_ACCESS_KEY: 'k', GITHUB_TOKEN: 'k', NODE_OPTIONS: '-r x' }),
  ).toEqual({})
})

test('what an npm that started us installs, and where, does not spread', () => {
  const outer = {
    npm_config_global: 'true',
    npm_config_prefix: '/usr',
    npm_config_dry_run: 'true',
    NPM_CONFIG_OMIT: 'dev',
  }
  expect(npmEnvironment(outer)).toEqual({})
})
