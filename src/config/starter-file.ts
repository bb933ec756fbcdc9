import { schemaFile } from './json-schema.ts'

/** A configuration file for someone who has none: everything in it is a comment, so it changes nothing. */
export function starterFile(): string {
  return `# yaml-language-server: $schema=${schemaFile}
#
# The configuration of Duologue. Remove the "#" before what you want to set.
# "duologue config validate" checks this file, and "duologue config show" tells what is in force.
# Any text may be \${NAME}, \${NAME:-default} or file:PATH.

# host: 127.0.0.1
# port: 7272
# load: [starter]
# keep-alive: 5m
# memory: 12GiB

# keys:
#   - \${DUOLOGUE_KEY}
#   - name: laptop
#     key: file:laptop.key
#     local-only: true

# models:
#   qwen3-8b:
#     context: 32768
#     slots: 2
#     kv-cache: q8_0

# providers:
#   anthropic:
#     key: \${ANTHROPIC_API_KEY}
#   workstation:
#     kind: ollama
#     url: http://192.168.1.20:11434
#     local: true

# aliases:
#   claude-*: qwen3-8b

# routes:
#   - name: long prompts
#     match:
#       model: qwen3-8b
#       prompt-tokens: { at-least: 30000 }
#     targets: [local, workstation/qwen3:8b, anthropic/claude-sonnet-5]

# local-only: true
`
}
