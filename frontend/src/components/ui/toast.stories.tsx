import type { Meta, StoryObj } from "@storybook/react-vite"

import { Button } from "@/components/ui/button"
import { toast, Toaster } from "@/components/ui/toast"

const meta = { component: Toaster } satisfies Meta<typeof Toaster>
export default meta
type Story = StoryObj

export const OneAtATime: Story = {
  render: () => (
    <div className="flex gap-2">
      <Button onClick={() => toast({ text: "Message deleted.", undo: () => undefined })}>Something to undo</Button>
      <Button onClick={() => toast({ text: <>Branch <b className="font-semibold">four-minute hold</b> made.</>, open: { label: "Open", run: () => undefined } })}>Something to open</Button>
      <Button onClick={() => toast({ text: "The file is 31 MB; 25 MB is the most.", isRefusal: true })}>A refusal</Button>
      <Toaster />
    </div>
  ),
}
