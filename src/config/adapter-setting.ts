import * as z from 'zod'

const mostScale = 100

/** An adapter as `MODEL=FILE` or `MODEL=FILE:SCALE`; the scale is 1 where none is given. */
export const adapter = z.string().transform((text, context): { model: string; path: string; scale: number } => {
  const [, model = '', path = '', digits = '1'] = /^([^=]+)=(.+?)(?::(-?\d+(?:\.\d+)?))?$/.exec(text) ?? []
  const scale = Number(digits)
  if (model !== '' && Math.abs(scale) <= mostScale) return { model, path, scale }
  context.addIssue(`write it as MODEL=FILE or MODEL=FILE:SCALE, with a scale from -${mostScale} to ${mostScale}`)
  return z.NEVER
})
