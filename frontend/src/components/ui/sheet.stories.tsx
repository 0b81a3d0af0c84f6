import type { Meta, StoryObj } from "@storybook/react-vite"

import { Button } from "@/components/ui/button"
import { Fact, Facts } from "@/components/ui/facts"
import { Sheet } from "@/components/ui/sheet"
import { Uses } from "@/components/ui/uses"

const meta = { component: Sheet } satisfies Meta<typeof Sheet>
export default meta
type Story = StoryObj

export const WithFacts: Story = {
  render: () => (
    <Sheet
      isOpen
      onClose={() => undefined}
      title="Invite to Ferryline"
      about="Who joins sees every thread that is not private, from its beginning."
      foot={
        <>
          <span className="grow" />
          <Button>Done</Button>
        </>
      }
    >
      <Facts>
        <Fact name="It gives" note="reads, writes, asks models">
          Member
        </Fact>
        <Fact name="Uses left">
          <span className="flex items-center gap-3">
            3 of 5 <Uses left={3} of={5} />
          </span>
        </Fact>
      </Facts>
    </Sheet>
  ),
}
