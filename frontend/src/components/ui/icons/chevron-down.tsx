import { AltArrowDownIcon } from "@solar-icons/react/linear/alt-arrow-down"

export default function ChevronDown({ className, size = 14 }: { className?: string; size?: number }) {
  return <AltArrowDownIcon size={size} {...(className && { className })} />
}
