import { count, flag, object, path, text } from './schema-case.ts'
import type { SchemaCase } from './schema-case.ts'
import { schemaShapes } from './schema-shapes.ts'

const editing: readonly SchemaCase[] = [
  {
    name: 'replace a text in a file',
    schema: object({ file_path: path, old_string: text, new_string: text, replace_all: flag }, [
      'file_path',
      'old_string',
      'new_string',
    ]),
    valid: [
      { file_path: '/a b.ts', old_string: 'x\n\t"y"', new_string: '' },
      { file_path: 'C:\\dir', old_string: 'é', new_string: '😀', replace_all: true },
    ],
    invalid: [{ file_path: '/a', old_string: 'x' }, { file_path: '/a', old_string: 1, new_string: 'x' }, {}, []],
  },
  {
    name: 'several edits at once',
    schema: object(
      {
        path,
        edits: { type: 'array', minItems: 1, items: object({ from: text, to: text }, ['from', 'to']) },
      },
      ['path', 'edits'],
    ),
    valid: [
      {
        path: '/a',
        edits: [
          { from: 'a', to: 'b' },
          { from: '', to: '' },
        ],
      },
    ],
    invalid: [
      { path: '/a', edits: [] },
      { path: '/a', edits: [{ from: 'a' }] },
    ],
  },
  {
    name: 'write a file',
    schema: object({ file_path: path, content: text }, ['file_path', 'content']),
    valid: [{ file_path: '/x', content: '{"a": 1}\r\n\u0000'.replace('\u0000', '') }],
    invalid: [{ content: 'x' }, { file_path: '/x', content: null }],
  },
  {
    name: 'read part of a file',
    schema: object({ file_path: path, offset: count, limit: { type: 'integer', exclusiveMinimum: 0 }, pages: text }, [
      'file_path',
    ]),
    valid: [
      { file_path: '/x' },
      { file_path: '/x', offset: 0, limit: 1 },
      { file_path: '/x', limit: 2000, pages: '1-5' },
    ],
    invalid: [
      { file_path: '/x', offset: -1 },
      { file_path: '/x', limit: 0 },
      { file_path: '/x', limit: 1.5 },
    ],
  },
  {
    name: 'apply a patch',
    schema: object({ patch: { type: 'string', minLength: 1 } }, ['patch']),
    valid: [{ patch: '*** Begin\n-a\n+b' }],
    invalid: [{ patch: '' }, { patch: [] }],
  },
  {
    name: 'insert at a line',
    schema: object(
      { command: { const: 'insert' }, path, line: { type: 'integer', minimum: 1, maximum: 99_999 }, text },
      ['command', 'path', 'line', 'text'],
    ),
    valid: [{ command: 'insert', path: '/a', line: 99_999, text: '' }],
    invalid: [
      { command: 'delete', path: '/a', line: 1, text: '' },
      { command: 'insert', path: '/a', line: 100_000, text: '' },
      { command: 'insert', path: '/a', line: 0, text: '' },
    ],
  },
  {
    name: 'one tool of several commands',
    schema: {
      anyOf: [
        object({ command: { const: 'view' }, path, range: { type: 'array', items: count, minItems: 2, maxItems: 2 } }, [
          'command',
          'path',
        ]),
        object({ command: { const: 'create' }, path, file_text: text }, ['command', 'path', 'file_text']),
        object({ command: { const: 'undo' }, path }, ['command', 'path']),
      ],
    },
    valid: [
      { command: 'view', path: '/a', range: [1, 20] },
      { command: 'create', path: '/a', file_text: 'x' },
      { command: 'undo', path: '/a' },
    ],
    invalid: [
      { command: 'view', path: '/a', range: [1] },
      { command: 'create', path: '/a' },
      { command: 'x', path: '/' },
    ],
  },
  {
    name: 'move or delete files',
    schema: object({
      operations: {
        type: 'array',
        maxItems: 3,
        items: {
          oneOf: [
            object({ kind: { type: 'string', enum: ['move'] }, from: text, to: text }, ['kind', 'from', 'to']),
            object({ kind: { type: 'string', enum: ['delete'] }, path }, ['kind', 'path']),
          ],
        },
      },
    }),
    valid: [
      {},
      { operations: [] },
      {
        operations: [
          { kind: 'delete', path: 'a' },
          { kind: 'move', from: 'a', to: 'b' },
        ],
      },
    ],
    invalid: [
      { operations: [{ kind: 'delete' }] },
      { operations: Array.from({ length: 4 }, () => ({ kind: 'delete', path: 'a' })) },
    ],
  },
]

const shells: readonly SchemaCase[] = [
  {
    name: 'run a shell command',
    schema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: {
        command: text,
        timeout: { type: 'number', maximum: 600_000, description: 'Milliseconds' },
        description: text,
        run_in_background: { type: 'boolean' },
      },
      required: ['command'],
      additionalProperties: false,
    },
    valid: [{ command: 'ls -la | grep "x"' }, { command: 'a', timeout: 0.5, run_in_background: false }],
    invalid: [{ command: 'a', timeout: 600_001 }, { timeout: 3 }, { command: 'a', shell: 'zsh' }],
  },
  {
    name: 'a command as a list of words',
    schema: object({ command: { type: 'array', items: text }, workdir: text, timeout_ms: { type: 'number' } }, [
      'command',
    ]),
    valid: [{ command: ['bash', '-lc', 'echo $HOME'], timeout_ms: 1e21 }, { command: [] }],
    invalid: [{ command: 'ls' }, { command: ['ls', 1] }],
  },
  {
    name: 'output of a background shell',
    schema: object({ shell_id: { type: 'string', pattern: '^[a-z0-9]{6}$' }, filter: text }, ['shell_id']),
    valid: [{ shell_id: 'ab12cd' }, { shell_id: 'ab12cd', filter: '^err' }],
    invalid: [{ shell_id: 'AB12CD' }, { shell_id: 'ab12c' }],
  },
  {
    name: 'environment of a process',
    schema: object({ argv: text, env: { type: 'object', additionalProperties: text } }, ['argv']),
    valid: [
      { argv: 'x', env: {} },
      { argv: 'x', env: { PATH: '/bin', 'A"B': '1' } },
    ],
    invalid: [
      { argv: 'x', env: { PATH: 1 } },
      { argv: 'x', env: [] },
    ],
  },
  {
    name: 'send a signal',
    schema: object(
      { pid: { type: 'integer', minimum: 2, maximum: 4_194_304 }, signal: { enum: ['TERM', 'KILL', 'INT', 9] } },
      ['pid'],
    ),
    valid: [{ pid: 2 }, { pid: 4_194_304, signal: 9 }, { pid: 77, signal: 'TERM' }],
    invalid: [{ pid: 1 }, { pid: 4_194_305 }, { pid: 5, signal: 15 }],
  },
]

const searching: readonly SchemaCase[] = [
  {
    name: 'search file contents',
    schema: object(
      {
        pattern: text,
        path: text,
        glob: text,
        output_mode: { type: 'string', enum: ['content', 'files_with_matches', 'count'] },
        '-A': { type: 'number' },
        '-i': { type: 'boolean' },
        head_limit: { type: 'number', minimum: 0 },
      },
      ['pattern'],
    ),
    valid: [{ pattern: 'a|b' }, { pattern: 'x', output_mode: 'count', '-A': -3.5, '-i': true, head_limit: 0 }],
    invalid: [
      { pattern: 'x', output_mode: 'counts' },
      { pattern: 'x', head_limit: -1 },
    ],
  },
  {
    name: 'find files by name',
    schema: object({ pattern: text, path: { type: ['string', 'null'] } }, ['pattern', 'path']),
    valid: [
      { pattern: '**/*.ts', path: null },
      { pattern: '', path: '/' },
    ],
    invalid: [{ pattern: 'x' }, { pattern: 'x', path: 3 }],
  },
  {
    name: 'search the web',
    schema: object(
      {
        query: { type: 'string', minLength: 2 },
        allowed_domains: { type: 'array', items: text },
        recency_days: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
      },
      ['query'],
    ),
    valid: [
      { query: 'ab' },
      { query: 'x y', allowed_domains: ['a.b'], recency_days: null },
      { query: 'éé', recency_days: -3 },
    ],
    invalid: [{ query: 'a' }, { query: 'ab', recency_days: 1.5 }],
  },
  {
    name: 'fetch a page',
    schema: object({ url: { type: 'string', format: 'uri' }, prompt: text }, ['url', 'prompt']),
    valid: [{ url: 'https://example.com/a?b=c#d', prompt: 'x' }],
    invalid: [
      { url: 'not a url', prompt: 'x' },
      { url: 'x', prompt: 'x' },
    ],
  },
  {
    name: 'semantic search with a threshold',
    schema: object(
      {
        q: text,
        threshold: { type: 'number', minimum: 0, maximum: 1 },
        k: { type: 'integer', minimum: 1, maximum: 50 },
      },
      ['q', 'threshold'],
    ),
    valid: [
      { q: '', threshold: 0 },
      { q: '', threshold: 1, k: 50 },
      { q: '', threshold: 0.25, k: 9 },
    ],
    invalid: [
      { q: '', threshold: 1.01 },
      { q: '', threshold: -0.1 },
      { q: '', threshold: 0.5, k: 51 },
    ],
  },
  {
    name: 'list a folder',
    schema: object({
      path,
      ignore: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 5 }, uniqueItems: true },
    }),
    valid: [{}, { path: '/', ignore: ['a', 'bbbbb'] }],
    invalid: [{ ignore: ['toolong'] }, { ignore: [''] }],
  },
]

const planning: readonly SchemaCase[] = [
  {
    name: 'a list of things to do',
    schema: object(
      {
        todos: {
          type: 'array',
          items: object(
            {
              content: { type: 'string', minLength: 1 },
              status: { type: 'string', enum: ['pending', 'in_progress', 'completed'] },
              activeForm: { type: 'string', minLength: 1 },
            },
            ['content', 'status', 'activeForm'],
          ),
        },
      },
      ['todos'],
    ),
    valid: [{ todos: [] }, { todos: [{ content: 'a', status: 'in_progress', activeForm: 'b' }] }],
    invalid: [{ todos: [{ content: 'a', status: 'in progress', activeForm: 'b' }] }, { todos: [{ content: 'a' }] }],
  },
  {
    name: 'a plan with an explanation',
    schema: object(
      {
        explanation: text,
        plan: {
          type: 'array',
          items: object({ step: text, status: { enum: ['pending', 'done'] } }, ['step', 'status']),
        },
      },
      ['plan'],
    ),
    valid: [{ plan: [] }, { explanation: 'e', plan: [{ step: 's', status: 'done' }] }],
    invalid: [{ explanation: 'e' }, { plan: [{ step: 's', status: 'pend' }] }],
  },
  {
    name: 'delegate to another agent',
    schema: object({ description: text, prompt: text, subagent_type: { enum: ['general', 'explore', 'plan'] } }, [
      'description',
      'prompt',
      'subagent_type',
    ]),
    valid: [{ description: 'd', prompt: 'p', subagent_type: 'plan' }],
    invalid: [{ description: 'd', prompt: 'p', subagent_type: 'planner' }],
  },
  {
    name: 'ask the user',
    schema: object(
      {
        questions: {
          type: 'array',
          minItems: 1,
          maxItems: 4,
          items: object(
            {
              question: text,
              header: { type: 'string', maxLength: 12 },
              options: {
                type: 'array',
                minItems: 2,
                maxItems: 4,
                items: object({ label: text, description: text }, ['label']),
              },
              multiSelect: { type: 'boolean' },
            },
            ['question', 'options'],
          ),
        },
      },
      ['questions'],
    ),
    valid: [
      {
        questions: [
          { question: '?', header: '123456789012', options: [{ label: 'a' }, { label: 'b', description: 'c' }] },
        ],
      },
    ],
    invalid: [
      { questions: [{ question: '?', options: [{ label: 'a' }] }] },
      { questions: [{ question: '?', header: '1234567890123', options: [{ label: 'a' }, { label: 'b' }] }] },
      { questions: [] },
    ],
  },
  {
    name: 'no arguments at all',
    schema: { type: 'object', properties: {}, additionalProperties: false },
    valid: [{}],
    invalid: [{ a: 1 }, [], null],
  },
  {
    name: 'a bare object with empty properties',
    schema: { type: 'object', properties: {} },
    valid: [{}],
    invalid: [[], 'x'],
  },
  {
    name: 'remember something',
    schema: object({ key: { type: 'string', pattern: '^[a-z]+(?:-[a-z0-9]+)*$' }, value: {} }, ['key', 'value']),
    valid: [
      { key: 'a-b2', value: { x: [1, null, 'y'] } },
      { key: 'abc', value: null },
    ],
    invalid: [
      { key: 'A', value: 1 },
      { key: 'a-', value: 1 },
    ],
  },
]

const notebooks: readonly SchemaCase[] = [
  {
    name: 'edit a notebook cell',
    schema: object(
      {
        notebook_path: path,
        cell_id: text,
        new_source: text,
        cell_type: { type: 'string', enum: ['code', 'markdown'] },
        edit_mode: { type: 'string', enum: ['replace', 'insert', 'delete'] },
      },
      ['notebook_path', 'new_source'],
    ),
    valid: [
      { notebook_path: '/n', new_source: 'x' },
      { notebook_path: '/n', cell_id: '1', new_source: '', edit_mode: 'insert' },
    ],
    invalid: [{ notebook_path: '/n', new_source: '', cell_type: 'raw' }],
  },
  {
    name: 'cells of a notebook',
    schema: object({
      cells: {
        type: 'array',
        items: {
          anyOf: [
            object({ type: { const: 'code' }, source: text, outputs: { type: 'array', items: {} } }, [
              'type',
              'source',
            ]),
            object({ type: { const: 'markdown' }, source: text }, ['type', 'source']),
          ],
        },
      },
    }),
    valid: [
      {
        cells: [
          { type: 'code', source: '1', outputs: [1, { a: 'b' }] },
          { type: 'markdown', source: '#' },
        ],
      },
    ],
    invalid: [{ cells: [{ type: 'markdown', source: '#', outputs: [] }] }],
  },
  {
    name: 'run code',
    schema: object({ code: text, language: { enum: ['python', 'r'] }, seed: { type: ['integer', 'string', 'null'] } }, [
      'code',
    ]),
    valid: [
      { code: 'x', seed: null },
      { code: 'x', language: 'r', seed: -12 },
      { code: '', seed: 's' },
    ],
    invalid: [
      { code: 'x', seed: 1.5 },
      { code: 'x', language: 'ruby' },
    ],
  },
]

/** Schemas of the tools and formats that agents send, in other words. */
export const agentSchemas: readonly SchemaCase[] = [
  ...editing,
  ...shells,
  ...searching,
  ...planning,
  ...notebooks,
  ...schemaShapes,
]
