// Starts an engine for a provider, tells its process, and stays until somebody ends this one.
import { createProvider } from '../../src/providers/create-provider.ts'
import { createOutbound } from '../../src/providers/outbound.ts'

const [program = '', ...words] = process.argv.slice(2)

const provider = createProvider(
  { id: 'mine', kind: 'llama-server', command: { program, arguments: words } },
  {
    outbound: createOutbound(),
    now: () => performance.now(),
    engines: {
      onEngine: news => {
        if (news.type === 'ready') console.log(news.processId)
      },
    },
  },
)
await provider.check(new AbortController().signal)
setInterval(() => {}, 1000)
