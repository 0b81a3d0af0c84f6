import type { Meta, StoryObj } from "@storybook/react-vite"
import { MinimalisticMagnifierIcon } from "@solar-icons/react/linear/minimalistic-magnifier"
import { PanelRightIcon } from "@solar-icons/react/bold/panel-right"

import { IconButton } from "@/components/ui/icon-button"

const meta = {
  component: IconButton,
  args: { label: "Find or do anything", keys: "mod+k", children: <MinimalisticMagnifierIcon size={18} /> },
} satisfies Meta<typeof IconButton>
export default meta
type Story = StoryObj<typeof meta>

export const Plain: Story = {}
export const On: Story = { args: { label: "People and branches", isOn: true, "aria-pressed": true, children: <PanelRightIcon size={18} /> } }
export const Disabled: Story = { args: { disabled: true } }
