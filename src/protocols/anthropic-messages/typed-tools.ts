import type { Tool } from '../../core/request.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { countIn } from '../json.ts'

type Definition = Pick<Tool, 'name' | 'inputSchema'> & { readonly description: string }

/**
 * Gives the definition of a tool whose schema the client leaves to the server: Anthropic's models know it by heart,
 * others must be told. The client runs the tool. Gives nothing for a type that is not known.
 */
export function typedTool(type: string, options: JsonObject): Definition | undefined {
  return Object.hasOwn(definitions, type) ? definitions[type]?.(options) : undefined
}

const text = (description: string): JsonObject => ({ type: 'string', description })
const whole = (description: string): JsonObject => ({ type: 'integer', description })
const wholes = (description: string, length: number): JsonObject => ({
  type: 'array',
  description,
  items: { type: 'integer' },
  minItems: length,
  maxItems: length,
})
const choice = (description: string, words: readonly string[]): JsonObject => ({
  type: 'string',
  description,
  enum: words,
})

function object(properties: Readonly<Record<string, Json>>, required: readonly string[]): JsonObject {
  return { type: 'object', properties, required }
}

function bash(): Definition {
  return {
    name: 'bash',
    description: 'Runs a command in a bash session that stays open between calls, and gives what it printed.',
    inputSchema: object(
      {
        command: text('The command to run. Leave it out only when restarting.'),
        restart: { type: 'boolean', description: 'True to throw the session away and start a new one.' },
      },
      [],
    ),
  }
}

function textEditor(name: string, extraCommands: readonly string[]): Definition {
  return {
    name,
    description: 'Looks at text files and folders, creates files and edits them.',
    inputSchema: object(
      {
        command: choice('What to do.', ['view', 'create', 'str_replace', 'insert', ...extraCommands]),
        path: text('The absolute path of the file or folder.'),
        view_range: wholes('For view: the first and the last line to show, from 1. A last line of -1 is the end.', 2),
        file_text: text('For create: the whole content of the file.'),
        old_str: text('For str_replace: the text to replace. It must occur exactly once.'),
        new_str: text('For str_replace: the text that takes its place. For insert: the text to put in.'),
        insert_line: whole('For insert: the line after which the text goes. 0 is the top of the file.'),
        insert_text: text('For insert: the text to put in.'),
      },
      ['command', 'path'],
    ),
  }
}

function memory(): Definition {
  return {
    name: 'memory',
    description: 'Keeps notes in files under /memories, which stay from one conversation to the next.',
    inputSchema: object(
      {
        command: choice('What to do.', ['view', 'create', 'str_replace', 'insert', 'delete', 'rename']),
        path: text('The path of the file or folder, beginning with /memories. For every command but rename.'),
        view_range: wholes('For view: the first and the last line to show, from 1.', 2),
        file_text: text('For create: the whole content of the file.'),
        old_str: text('For str_replace: the text to replace. It must occur exactly once.'),
        new_str: text('For str_replace: the text that takes its place.'),
        insert_line: whole('For insert: the line after which the text goes. 0 is the top of the file.'),
        insert_text: text('For insert: the text to put in.'),
        old_path: text('For rename: the path as it is.'),
        new_path: text('For rename: the path as it is to be.'),
      },
      ['command'],
    ),
  }
}

const firstActions = [
  'key',
  'type',
  'mouse_move',
  'left_click',
  'left_click_drag',
  'right_click',
  'middle_click',
  'double_click',
  'screenshot',
  'cursor_position',
] as const
const laterActions = ['left_mouse_down', 'left_mouse_up', 'scroll', 'hold_key', 'wait', 'triple_click'] as const

function computer(actions: readonly string[]): (options: JsonObject) => Definition {
  return ({ display_width_px: width, display_height_px: height }) => ({
    name: 'computer',
    description: `Uses the mouse and the keyboard of a screen ${countIn(width) ?? 'some'} pixels wide and ${countIn(height) ?? 'some'} high, and takes screenshots of it.`,
    inputSchema: object(
      {
        action: choice('What to do.', actions),
        coordinate: wholes('Where the mouse acts: pixels from the left and from the top.', 2),
        start_coordinate: wholes('For left_click_drag: where the drag begins.', 2),
        text: text(
          'What to type, or the key or keys to press, such as ctrl+s. With a click or a scroll: the keys held.',
        ),
        scroll_direction: choice('For scroll: which way.', ['up', 'down', 'left', 'right']),
        scroll_amount: whole('For scroll: how many notches of the wheel.'),
        duration: { type: 'number', description: 'For hold_key and wait: how many seconds.' },
        ...(actions.includes('zoom') && {
          region: wholes('For zoom: the left, top, right and bottom edge of the part to show.', 4),
        }),
      },
      ['action'],
    ),
  })
}

const definitions: Readonly<Record<string, (options: JsonObject) => Definition>> = {
  bash_20241022: bash,
  bash_20250124: bash,
  text_editor_20241022: () => textEditor('str_replace_editor', ['undo_edit']),
  text_editor_20250124: () => textEditor('str_replace_editor', ['undo_edit']),
  text_editor_20250429: () => textEditor('str_replace_based_edit_tool', []),
  text_editor_20250728: () => textEditor('str_replace_based_edit_tool', []),
  memory_20250818: memory,
  computer_20241022: computer(firstActions),
  computer_20250124: computer([...firstActions, ...laterActions]),
  computer_20251124: computer([...firstActions, ...laterActions, 'zoom']),
}

/** The tools whose schema is known here, by their type. */
export const typedToolTypes: readonly string[] = Object.keys(definitions)

const families = new Set(typedToolTypes.map(familyOf))

/** Whether tools of this type are run by the client, whichever version of them it is. */
export function runsOnClient(type: string): boolean {
  return families.has(familyOf(type))
}

function familyOf(type: string): string {
  return type.replace(/_\d+$/, '')
}
