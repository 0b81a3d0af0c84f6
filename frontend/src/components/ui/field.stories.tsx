import type { Meta, StoryObj } from "@storybook/react-vite"

import { Field, Input, PasswordInput, Select } from "@/components/ui/field"

const meta = { component: Field, args: { label: "Name", children: (control) => <Input {...control} defaultValue="Alice Nordby" /> }, decorators: (Story) => <div className="max-w-80"><Story /></div> } satisfies Meta<typeof Field>
export default meta
type Story = StoryObj<typeof meta>

export const Plain: Story = {}
export const WithHint: Story = { args: { hint: "Kept when you leave the field." } }
export const Wrong: Story = { args: { label: "Password", error: "At least 12 characters.", children: (control) => <PasswordInput {...control} defaultValue="short" /> } }
export const Fixed: Story = { args: { label: "Email", children: (control) => <Input {...control} readOnly value="alice@ferryline.example" /> } }
export const Choice: Story = {
  args: {
    label: "Expires",
    children: (control) => (
      <Select {...control} defaultValue="7">
        <option value="1">in one day</option>
        <option value="7">in 7 days</option>
      </Select>
    ),
  },
}
export const AtADoor: Story = { args: { label: "Password", hint: "At least 12 characters. A few plain words are easier to keep than symbols.", children: (control) => <PasswordInput {...control} size="big" /> } }
