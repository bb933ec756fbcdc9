import type { ErrorCode } from 'yaml'

/** What is wrong with a text that is no YAML, in our own words. */
export const yamlFaults: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias (*name) takes neither an anchor nor a tag',
  BAD_ALIAS: 'this alias (*name) has no anchor (&name) before it',
  BAD_COLLECTION_TYPE: 'this tag does not fit what it stands before',
  BAD_DIRECTIVE: 'this line that begins with % is not known',
  BAD_DQ_ESCAPE: 'this escape after \\ is not known; in single quotes \\ is a letter like others',
  BAD_INDENT: 'the spaces before this line do not fit the lines around it',
  BAD_PROP_ORDER: 'anchors and tags stand before the value',
  BAD_SCALAR_START: 'a text cannot begin with this sign; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two keys stand in one line; put the second one on a line of its own, or the text in quotes',
  BLOCK_IN_FLOW: 'lists and maps over several lines cannot stand between brackets',
  DUPLICATE_KEY: 'this key is here twice; keep one of them',
  IMPOSSIBLE: 'this cannot be read as YAML',
  KEY_OVER_1024_CHARS: 'this key is longer than 1024 letters',
  MISSING_CHAR: 'a sign is missing here: a colon after a key, a comma, a quote or a bracket',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line',
  MULTIPLE_ANCHORS: 'a value takes one anchor (&name)',
  MULTIPLE_DOCS: 'a second document begins here; a configuration is one',
  MULTIPLE_TAGS: 'a value takes one tag',
  NON_STRING_KEY: 'a key must be text',
  RESOURCE_EXHAUSTION: 'lists and maps are nested too deeply here',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
  TAG_RESOLVE_FAILED: 'tags (!name) have no meaning here; remove it',
  UNEXPECTED_TOKEN: 'this sign has no place here; put a text that holds it in quotes',
}
