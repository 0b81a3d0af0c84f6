import type { Meta, StoryObj } from "@storybook/react-vite"
import { AddIcon } from "@solar-icons/react/linear/add"

import { Button } from "@/components/ui/button"

const meta = { component: Button, args: { children: "Keep and try it" } } satisfies Meta<typeof Button>
export default meta
type Story = StoryObj<typeof meta>

export const Plain: Story = {}
export const Primary: Story = { args: { look: "primary" } }
export const Big: Story = { args: { look: "primary", size: "big", children: "Create account and open the first room" } }
export const Disabled: Story = { args: { look: "primary", disabled: true } }
export const All: Story = {
  render: () => (
    <div className="flex flex-wrap items-center gap-2">
      <Button look="primary">Primary</Button>
      <Button>Plain</Button>
      <Button look="quiet">Quiet</Button>
      <Button look="link">
        <AddIcon size={16} />
        Add a provider
      </Button>
      <Button look="danger">Remove Bob</Button>
      <Button look="quietDanger">Revoke it</Button>
    </div>
  ),
}
