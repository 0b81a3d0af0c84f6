import type { Meta, StoryObj } from "@storybook/react-vite"
import { useState } from "react"

import { Tabs } from "@/components/ui/tabs"

const meta = { component: Tabs } satisfies Meta<typeof Tabs>
export default meta
type Story = StoryObj

export const OfThePanel: Story = {
  render: function Render() {
    const [tab, setTab] = useState<"people" | "branches">("people")
    return (
      <div className="flex h-60 w-[344px] flex-col border border-line bg-sunken">
        <Tabs
          label="People and branches"
          value={tab}
          onChange={setTab}
          tabs={[
            { value: "people", label: "People", content: <p className="p-5">Who is here.</p> },
            { value: "branches", label: "Branches", content: <p className="p-5">How it branches.</p> },
          ]}
        />
      </div>
    )
  },
}
