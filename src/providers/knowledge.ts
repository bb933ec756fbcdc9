import type { calcPrice, ModelPrice } from '@pydantic/genai-prices'
import type { Capabilities } from '../core/capabilities.ts'
import type { Prices } from '../core/provider-settings.ts'
import { defined } from '../protocols/json.ts'
import { claimsOf } from './families.ts'

/** What is known of a model without asking anybody. */
export interface Known {
  readonly capabilities: Capabilities
  readonly prices: Prices
}

/** The data on models that comes with the program. */
export interface Knowledge {
  /** Looks a model up; `maker` is how the data calls its provider. Prices are those of that time, in milliseconds. */
  lookUp(maker: string, model: string, atMs: number): Known
}

/**
 * Reads the data, which takes a moment. Nothing is fetched: what is newer than the program is unknown, or told by the
 * provider and the owner.
 */
export async function loadKnowledge(): Promise<Knowledge> {
  const { calcPrice } = await import('@pydantic/genai-prices')
  return new KeptKnowledge(calcPrice)
}

/** Gives the data that comes with the program, which is read in the background; until it is there nothing is known. */
export function knowledgeInTime(): Knowledge {
  let loaded: Knowledge | undefined
  const load = loadKnowledge().then(knowledge => (loaded = knowledge))
  load.catch(() => undefined)
  return { lookUp: (...asked) => loaded?.lookUp(...asked) ?? { capabilities: {}, prices: {} } }
}

/* Some prices hold for hours of the day. */
const keptMs = 10 * 60_000
const maxKept = 5000

/** Looking a model up takes a good part of a millisecond, and planners ask for each request. */
class KeptKnowledge implements Knowledge {
  readonly #calculate: typeof calcPrice
  readonly #kept = new Map<string, Known>()
  #keptSince = 0

  constructor(calculate: typeof calcPrice) {
    this.#calculate = calculate
  }

  lookUp(maker: string, model: string, atMs: number): Known {
    if (Math.abs(this.#keptSince - atMs) > keptMs || this.#kept.size >= maxKept) {
      this.#kept.clear()
      this.#keptSince = atMs
    }
    const name = `${maker}/${model}`
    const known = this.#kept.get(name) ?? this.#find(maker, model, new Date(atMs))
    this.#kept.set(name, known)
    return known
  }

  /* The calculation is how the package finds a model, and which of its prices hold at that time. */
  #find(maker: string, model: string, at: Date): Known {
    const found = this.#calculate({}, model, { providerId: maker, timestamp: at })
    const claims = claimsOf(maker, model)
    if (found === null) return { capabilities: claims, prices: {} }
    return {
      capabilities: { ...claims, ...defined({ contextTokens: found.model.context_window }) },
      prices: readPrices(found.model_price),
    }
  }
}

function readPrices(price: ModelPrice): Prices {
  return defined({
    input: baseOf(price['input_mtok']),
    cacheRead: baseOf(price['cache_read_mtok']),
    cacheWrite: baseOf(price['cache_write_mtok']),
    output: baseOf(price['output_mtok']),
  })
}

/** Gives the price of a prompt of usual length; some makers ask more for long ones. */
function baseOf(price: ModelPrice[string]): number | undefined {
  return typeof price === 'object' ? price.base : price
}
