import type { Meta, StoryObj } from "@storybook/react-vite"
import { useRef } from "react"
import { UserIcon } from "@solar-icons/react/linear/user"

import { Button } from "@/components/ui/button"
import { Ask, Dialog, DialogNote } from "@/components/ui/dialog"
import { Field, Input } from "@/components/ui/field"

const meta = { component: Dialog } satisfies Meta<typeof Dialog>
export default meta
type Story = StoryObj
const nothing = () => undefined

export const ThatMakes: Story = {
  render: () => (
    <Dialog
      isOpen
      onClose={nothing}
      onSubmit={nothing}
      title="New project"
      foot={
        <>
          <Button look="quiet">Cancel</Button>
          <Button look="primary" type="submit">
            Make the project
          </Button>
        </>
      }
    >
      <Field label="Name" className="mt-3.5">
        {(control) => <Input {...control} defaultValue="Winter line" />}
      </Field>
      <DialogNote icon={<UserIcon size={16} />}>Only you, until you invite.</DialogNote>
    </Dialog>
  ),
}
export const ThatAsks: Story = {
  render: function Render() {
    const stay = useRef<HTMLButtonElement>(null)
    return (
      <Ask
        isOpen
        onClose={nothing}
        initialFocus={stay}
        title="Leave Ferryline?"
        about="You lose its threads at once. What you wrote stays, with your name. To come back you need an invitation."
        foot={
          <>
            <Button ref={stay}>Stay</Button>
            <Button look="danger">Leave Ferryline</Button>
          </>
        }
      />
    )
  },
}
