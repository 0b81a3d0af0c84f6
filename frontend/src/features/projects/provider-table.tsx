import { useQueryClient } from "@tanstack/react-query"
import { useState, type SubmitEvent } from "react"
import { DangerTriangleIcon } from "@solar-icons/react/linear/danger-triangle"
import { KeyMinimalisticIcon } from "@solar-icons/react/linear/key-minimalistic"
import { MenuDotsIcon } from "@solar-icons/react/linear/menu-dots"
import { PenIcon } from "@solar-icons/react/linear/pen"
import { RefreshIcon } from "@solar-icons/react/linear/refresh"
import { TrashBinMinimalisticIcon } from "@solar-icons/react/linear/trash-bin-minimalistic"

import { Button } from "@/components/ui/button"
import { Input } from "@/components/ui/field"
import { IconButton } from "@/components/ui/icon-button"
import { Menu, MenuItem, MenuLine } from "@/components/ui/menu"
import { cell, head, table, wider } from "@/components/ui/table"
import { toast } from "@/components/ui/toast"
import { api, wordsOf } from "@/lib/api"
import { cn } from "@/lib/cn"
import { when } from "@/lib/format"
import { keys } from "@/lib/query"
import type { ProviderView } from "@/lib/types"

interface ProviderTableProps {
  providers: readonly ProviderView[]
  onEdit: (provider: ProviderView) => void
}

/** Providers: their keys (written, never read), where they are, and how many answers they give at once. */
export function ProviderTable({ providers, onEdit }: ProviderTableProps) {
  return (
    <div className="scrolls-wide">
      <table className={table}>
        <thead>
          <tr>
            <th className={head}>Name</th>
            <th className={head}>Key</th>
            <th className={cn(head, wider)}>Address</th>
            <th className={cn(head, wider, "text-right")}>At once</th>
            <th className={cn(head, wider, "text-right")}>Models</th>
            <th className={cn(head, "w-10")}>
              <span className="sr-only">More</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {providers.map((provider) => (
            <Row key={provider.slug} provider={provider} onEdit={() => onEdit(provider)} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ provider, onEdit }: { provider: ProviderView; onEdit: () => void }) {
  const client = useQueryClient()
  const [isKeyAsked, setIsKeyAsked] = useState(false)
  const isRefused = provider.state === "key_refused"
  const isTroubled = isRefused || provider.state === "unreachable"

  function reload() {
    void client.invalidateQueries({ queryKey: keys.providers })
    void client.invalidateQueries({ queryKey: ["project"], predicate: ({ queryKey }) => queryKey[2] === "models" })
  }
  async function ask() {
    try {
      await api.post(`/providers/${provider.id ?? ""}/refresh`)
      reload()
    } catch (error) {
      toast({ text: wordsOf(error), isRefusal: true })
    }
  }
  function remove() {
    const put = (change: (all: ProviderView[]) => ProviderView[]) =>
      client.setQueryData<ProviderView[]>(keys.providers, (all) => all && change(all))
    put((all) => all.filter((one) => one.slug !== provider.slug))
    toast({
      text: <>Removed <b className="font-semibold">{provider.name}</b></>,
      undo: () => put((all) => [...all, provider]),
      // Its key could not be brought back, so it goes only when nobody undid it.
      after: () =>
        void api
          .delete(`/providers/${provider.id ?? ""}`)
          .catch((error: unknown) => toast({ text: wordsOf(error), isRefusal: true }))
          .finally(reload),
    })
  }

  return (
    <>
      <tr>
        <td className={cn(cell, "font-medium text-ink")}>{provider.name}</td>
        <td className={cell}>
          <span className={cn("flex items-center gap-[7px]", isTroubled && "text-danger", !provider.has_key && !isTroubled && "text-ink-3")}>
            {isTroubled ? <DangerTriangleIcon size={15} /> : provider.has_key && <KeyMinimalisticIcon size={15} />}
            {isTroubled ? troubleOf(provider) : <KeyNote note={provider.key_note} />}
          </span>
        </td>
        <td className={cn(cell, wider)}>
          {provider.base_url ? <span className="font-mono text-[0.75rem]">{provider.base_url}</span> : <span className="text-ink-3">{provider.id ? "its own" : "this server"}</span>}
        </td>
        <td className={cn(cell, wider, "text-right")}>{provider.concurrency}</td>
        <td className={cn(cell, wider, "text-right")}>{provider.model_count}</td>
        <td className={cn(cell, "text-right")}>
          {provider.id && (
            <Menu
              label={provider.name}
              align="end"
              trigger={
                <IconButton label={`${provider.name}, more`} hasTip={false} className="-mr-[7px]">
                  <MenuDotsIcon size={16} />
                </IconButton>
              }
            >
              <MenuItem icon={<RefreshIcon size={16} />} onSelect={() => void ask()}>
                Look for its models again
              </MenuItem>
              {provider.is_editable && (
                <>
                  <MenuItem icon={<KeyMinimalisticIcon size={16} />} onSelect={() => setIsKeyAsked(true)}>
                    Put in a new key
                  </MenuItem>
                  <MenuItem icon={<PenIcon size={16} />} onSelect={onEdit}>
                    Change…
                  </MenuItem>
                  <MenuLine />
                  <MenuItem isDanger icon={<TrashBinMinimalisticIcon size={16} />} onSelect={remove}>
                    Remove
                  </MenuItem>
                </>
              )}
            </Menu>
          )}
        </td>
      </tr>
      {provider.is_editable && (isRefused || isKeyAsked) && (
        <tr>
          <td className={wider} />
          <td colSpan={5}>
            <NewKey provider={provider} isRefused={isRefused} onDone={() => { setIsKeyAsked(false); reload() }} onLeave={isRefused ? () => void ask() : () => setIsKeyAsked(false)} />
          </td>
        </tr>
      )}
    </>
  )
}

/** refused since 14:02; not reached since yesterday, 17:20 */
function troubleOf({ state, state_since: since }: ProviderView): string {
  const word = state === "key_refused" ? "refused" : "not reached"
  if (!since) return word
  const at = when(since)
  return `${word} since ${at === "now" ? "a moment ago" : at.replace("today, ", "")}`
}

/** from the environment, `MISTRAL_API_KEY`: a variable's name is set as what it is. */
function KeyNote({ note }: { note: string }) {
  const [, before = note, name] = /^(.*?)([A-Z][A-Z0-9]*_[A-Z0-9_]+)$/.exec(note) ?? []
  return (
    <span>
      {before}
      {name && <span className="font-mono text-[0.75rem]">{name}</span>}
    </span>
  )
}

interface NewKeyProps {
  provider: ProviderView
  isRefused: boolean
  onDone: () => void
  onLeave: () => void
}

/** Under its row: what a refusal cost people, and a field for another key. The old one stays until the new one has answered once. */
function NewKey({ provider, isRefused, onDone, onLeave }: NewKeyProps) {
  const [key, setKey] = useState("")
  const [refusal, setRefusal] = useState("")
  const [isTrying, setIsTrying] = useState(false)

  async function keep(event: SubmitEvent) {
    event.preventDefault()
    setIsTrying(true)
    setRefusal("")
    try {
      await api.patch(`/providers/${provider.id ?? ""}`, { key })
      toast({ text: <><b className="font-semibold">{provider.name}</b> took the key.</> })
      onDone()
    } catch (error) {
      setRefusal(wordsOf(error))
    } finally {
      setIsTrying(false)
    }
  }
  return (
    <form onSubmit={(event) => void keep(event)} className={cn("mt-1 mb-4 max-w-[660px] border-l-2 py-0.5 pl-3.5 leading-normal whitespace-normal", isRefused ? "border-danger" : "border-line-strong")}>
      {isRefused && (
        <p className="mb-[9px]">
          <b className="font-semibold">{provider.name} refuses the key.</b>{" "}
          <span className="text-ink-2">Its models do not answer until there is another one.</span>
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Input
          type="password"
          aria-label={`A new key for ${provider.name}`}
          placeholder="Put in a new key"
          autoComplete="off"
          className="w-80 max-tablet:w-full"
          value={key}
          onChange={(event) => setKey(event.target.value)}
          autoFocus={!isRefused}
        />
        <Button look="primary" size="field" type="submit" disabled={!key.trim() || isTrying}>
          {isTrying ? "Trying it" : "Keep and try it"}
        </Button>
        <Button look="quiet" onClick={onLeave}>
          {isRefused ? "Try the old one again" : "Leave it"}
        </Button>
      </div>
      {refusal && (
        <p role="alert" className="mt-2 text-danger">
          {refusal}
        </p>
      )}
      <p className="mt-2 text-small/[1.5] text-ink-3">A key is kept encrypted and never shown again. The old one stays until the new one has answered once.</p>
    </form>
  )
}
