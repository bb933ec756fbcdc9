import { calcPrice } from '@pydantic/genai-prices'
import type { ModelPrice } from '@pydantic/genai-prices'
import type { Capabilities } from '../core/capabilities.ts'
import type { Prices } from '../core/provider-settings.ts'
import { defined } from '../protocols/json.ts'

/** What is known of a model without asking anybody. */
export interface Known {
  readonly capabilities: Capabilities
  readonly prices: Prices
}

/**
 * Looks a model up in the data that comes with the program. `maker` is how the data calls the provider. Nothing is
 * fetched: what is newer than the program is unknown, or told by the provider and the owner.
 */
export function lookUp(maker: string, model: string, at: Date): Known {
  // The calculation is how the package finds the model, and which of its prices hold at that time.
  const found = calcPrice({}, model, { providerId: maker, timestamp: at })
  if (found === null) return { capabilities: {}, prices: {} }
  return {
    capabilities: defined({ contextTokens: found.model.context_window }),
    prices: readPrices(found.model_price),
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
