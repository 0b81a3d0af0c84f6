import type { Meta, StoryObj } from "@storybook/react-vite"

import { Markdown } from "@/lib/markdown/markdown"

const TEXT = `# What must hold

A unique rule on **sailing and seat** turns the race into an *error* you can catch, see [the manual](https://www.postgresql.org/docs/current/indexes-unique.html).

1. Insert the hold first, take the payment after.
2. On \`23505\`, offer the nearest free seat.
   - beside it
   - ~~behind it~~

- [x] tried
- [ ] told

| Gap | Pairs | Sailing |
|---|--:|---|
| under 100 ms | 19 | Friday 17:40 |

> Seat 14A went a moment before you.

\`\`\`sql
CREATE UNIQUE INDEX one_seat_once ON ticket (sailing_id, seat) -- one
  WHERE state IN ('held', 'sold');
\`\`\`

![a chart](https://elsewhere.example/chart.png) <b>no HTML</b>
`

const meta = { title: "Conversation/Words", component: Markdown, args: { text: TEXT, className: "max-w-[68ch]" } } satisfies Meta<typeof Markdown>
export default meta
type Story = StoryObj<typeof meta>

export const Finished: Story = {}
/** Half of it, as it is written: what is open is closed for the eye. */
export const Growing: Story = { args: { text: TEXT.slice(0, 260), isWriting: true } }
/** A link that hides where it leads, and letters that hide. */
export const Deceiving: Story = { args: { text: "[https://bank.example/login](https://evil.example/collect) and invoice\u202egpj.exe" } }
