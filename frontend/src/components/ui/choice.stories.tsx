import type { Meta, StoryObj } from "@storybook/react-vite"
import { useState } from "react"

import { Checkbox, Radio, Segmented, Switch } from "@/components/ui/choice"

const meta = { component: Segmented } satisfies Meta<typeof Segmented>
export default meta
type Story = StoryObj

export const OneOfThree: Story = {
  render: function Render() {
    const [value, setValue] = useState<"light" | "dark" | "system">("system")
    return (
      <Segmented
        label="Appearance"
        name="appearance"
        value={value}
        onChange={setValue}
        options={[
          { value: "light", label: "Light" },
          { value: "dark", label: "Dark" },
          { value: "system", label: "As the system" },
        ]}
      />
    )
  },
}
export const Boxes: Story = {
  render: () => (
    <>
      <Checkbox defaultChecked>
        All answers <span className="text-ink-3">off: only the chosen ones</span>
      </Checkbox>
      <Checkbox>Figures and costs</Checkbox>
    </>
  ),
}
export const Radios: Story = {
  render: () => (
    <fieldset>
      <legend className="mb-1.5 font-medium">Who sees it</legend>
      <Radio name="who" defaultChecked>
        Everyone in Ferryline
      </Radio>
      <Radio name="who">
        Chosen people <span className="text-ink-3">private</span>
      </Radio>
    </fieldset>
  ),
}
export const Switches: Story = {
  render: () => (
    <div className="flex gap-4">
      <Switch label="GPT-5.1 is offered" defaultChecked />
      <Switch label="Mistral Large 3 is offered" />
      <Switch label="Not yours to change" defaultChecked disabled />
    </div>
  ),
}
