import { cva, type VariantProps } from "class-variance-authority"
import { useId, useState, type ComponentProps, type ReactNode } from "react"
import ArrowDown from "@/components/ui/icons/chevron-down"
import { EyeIcon } from "@solar-icons/react/linear/eye"
import { EyeClosedIcon } from "@solar-icons/react/linear/eye-closed"

import { IconButton } from "@/components/ui/icon-button"
import { cn } from "@/lib/cn"

export const inputLook = cva(
  "w-full min-w-0 rounded-md bg-raised text-ink shadow-[inset_0_0_0_1px_var(--control)] outline-none transition-shadow duration-(--fast) focus:shadow-[inset_0_0_0_1.5px_var(--pen),0_0_0_3px_var(--pen-soft)] aria-invalid:shadow-[inset_0_0_0_1.5px_var(--danger)] [&[readonly]]:bg-transparent [&[readonly]]:text-ink-2 [&[readonly]]:shadow-[inset_0_0_0_1px_var(--line-strong)] disabled:text-ink-3",
  {
    variants: { size: { normal: "h-9 px-[11px] text-[0.875rem]", big: "h-[42px] px-3 text-lane" } },
    defaultVariants: { size: "normal" },
  },
)
type Look = VariantProps<typeof inputLook>
type InputProps = Omit<ComponentProps<"input">, "size"> & Look

export function Input({ size, className, ...rest }: InputProps) {
  return <input className={cn(inputLook({ size }), className)} {...rest} />
}

/** Round dots: the serif has them. Not for the placeholder, and not for an empty field, where the caret shows the size. */
const DOTS = "not-placeholder-shown:font-serif not-placeholder-shown:text-[1.1875rem] not-placeholder-shown:tracking-[0.14em]"

/** A secret being written. It can be looked at, and is never filled in by us. */
export function PasswordInput({ size, className, ...rest }: InputProps) {
  const [isShown, setIsShown] = useState(false)
  return (
    <span className="relative block">
      <Input
        placeholder=" "
        {...rest}
        size={size}
        type={isShown ? "text" : "password"}
        className={cn("pr-11", !isShown && DOTS, className)}
        spellCheck={false}
        autoCapitalize="none"
      />
      <span className="absolute top-1/2 right-1 -translate-y-1/2">
        <IconButton
          label={isShown ? "Hide the password" : "Show the password"}
          aria-pressed={isShown}
          onClick={() => setIsShown(!isShown)}
          className="hover:bg-transparent"
        >
          {isShown ? <EyeClosedIcon size={18} /> : <EyeIcon size={18} />}
        </IconButton>
      </span>
    </span>
  )
}

type SelectProps = Omit<ComponentProps<"select">, "size"> & Look

export function Select({ size, className, children, ...rest }: SelectProps) {
  return (
    <span className="relative block">
      <select className={cn(inputLook({ size }), "appearance-none pr-9", className)} {...rest}>
        {children}
      </select>
      <ArrowDown className="pointer-events-none absolute top-1/2 right-3 -translate-y-1/2 text-ink-3" />
    </span>
  )
}

/** What a field hands to its control, so that label, hint and error are said with it. */
interface FieldControl {
  id: string
  "aria-describedby": string | undefined
  "aria-invalid": true | undefined
}

interface FieldProps {
  label: ReactNode
  hint?: ReactNode
  error?: ReactNode
  className?: string
  children: (control: FieldControl) => ReactNode
}

/** A label, its control, and under it a hint or what is wrong. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId()
  const below = error ? `${id}-error` : hint ? `${id}-hint` : undefined
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block font-medium">
        {label}
      </label>
      {children({ id, "aria-describedby": below, "aria-invalid": error ? true : undefined })}
      {error ? (
        <p id={`${id}-error`} role="alert" className="mt-1.5 text-small/[1.5] text-danger">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className="mt-1.5 text-small/[1.5] text-ink-3">
            {hint}
          </p>
        )
      )}
    </div>
  )
}
