import type { Meta, StoryObj } from "@storybook/react-vite"
import { CloudCrossIcon } from "@solar-icons/react/linear/cloud-cross"
import { RefreshIcon } from "@solar-icons/react/linear/refresh"
import { WiFiIcon } from "@solar-icons/react/linear/wi-fi"

import { Button } from "@/components/ui/button"
import { NoticeLine } from "@/components/ui/notice-line"

const meta = { component: NoticeLine, args: { icon: <WiFiIcon size={16} />, children: "Reconnecting. You can read and write; it is sent when the line is back." } } satisfies Meta<typeof NoticeLine>
export default meta
type Story = StoryObj<typeof meta>

export const Plain: Story = {}
export const Warning: Story = {
  args: { tone: "warn", icon: <CloudCrossIcon size={16} />, children: "Offline for two minutes. One message waits.", end: <Button look="quiet" className="text-inherit">Try now</Button> },
}
export const NewVersion: Story = {
  args: { tone: "pen", icon: <RefreshIcon size={16} />, children: "A new version is here. Load it when you are ready.", end: <Button look="quiet" className="text-pen-strong">Load</Button> },
}
