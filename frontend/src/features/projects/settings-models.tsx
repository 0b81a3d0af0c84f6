import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { AddIcon } from "@solar-icons/react/linear/add"

import { Button } from "@/components/ui/button"
import { Switch } from "@/components/ui/choice"
import { Glyph, hueClass, hueName } from "@/components/ui/glyph"
import { Leaf } from "@/components/ui/part"
import { Skeleton } from "@/components/ui/skeleton"
import { cell, head, table } from "@/components/ui/table"
import { toast } from "@/components/ui/toast"
import { ProviderSheet } from "@/features/projects/provider-sheet"
import { ProviderTable } from "@/features/projects/provider-table"
import { providersQuery } from "@/features/projects/queries"
import { api, wordsOf } from "@/lib/api"
import { cn } from "@/lib/cn"
import { prices, size } from "@/lib/format"
import type { ProjectView } from "@/lib/protocol.gen"
import { modelsQuery } from "@/lib/queries"
import { keys } from "@/lib/query"
import type { ModelView, ProviderView } from "@/lib/types"

interface SettingsModelsProps {
  project: ProjectView
  /** Looks after the server: sees providers and their keys. */
  isStaff: boolean
}

/** Who the project can ask, where that runs, and what it costs. */
export default function SettingsModels({ project, isStaff }: SettingsModelsProps) {
  const [edited, setEdited] = useState<ProviderView | "new" | null>(null)
  return (
    <Leaf title="Models" about={`Who ${project.name} can ask, where that runs, and what it costs.`}>
      {isStaff && <Providers onEdit={setEdited} />}
      <Offered project={project} />
      {edited && <ProviderSheet provider={edited === "new" ? null : edited} projectId={project.id} onClose={() => setEdited(null)} />}
    </Leaf>
  )
}

function Providers({ onEdit }: { onEdit: (provider: ProviderView | "new") => void }) {
  const providers = useQuery(providersQuery())
  return (
    <section className="mb-[26px]">
      <div className="mb-1 flex min-h-8 items-center">
        <h2 className="grow font-semibold">Providers</h2>
        <Button look="link" className="-mr-2" onClick={() => onEdit("new")}>
          <AddIcon size={16} />
          Add a provider
        </Button>
      </div>
      {providers.isPending && <Skeleton />}
      {providers.error && <p className="text-danger">{wordsOf(providers.error)}</p>}
      {providers.data && <ProviderTable providers={providers.data} onEdit={onEdit} />}
    </section>
  )
}

function Offered({ project }: { project: ProjectView }) {
  const models = useQuery(modelsQuery(project.id))
  const client = useQueryClient()
  const mayChange = project.permissions.includes("manage_models")
  const all = models.data ?? []

  async function offer(model: ModelView, isOffered: boolean) {
    const put = (next: ModelView) =>
      client.setQueryData<ModelView[]>(keys.models(project.id), (now) => now?.map((one) => (one.model_id === next.model_id ? next : one)))
    put({ ...model, is_offered: isOffered })
    try {
      put(await api.patch<ModelView>(`/projects/${project.id}/models`, { model_id: model.model_id, is_offered: isOffered }))
    } catch (error) {
      put(model)
      toast({ text: wordsOf(error), isRefusal: true })
    }
  }

  return (
    <section>
      <h2 className="mb-1 flex min-h-8 items-center font-semibold">
        Models offered
        <span className="num ml-1.5 font-normal text-ink-3">
          {all.filter((model) => model.is_offered).length} of {all.length}
        </span>
      </h2>
      {models.isPending && <Skeleton />}
      {models.error && <p className="text-danger">{wordsOf(models.error)}</p>}
      {models.data?.length === 0 && <p className="leading-normal text-ink-2">No model can answer yet. People can talk.</p>}
      {all.length > 0 && (
        <div className="scrolls-wide">
          <table className={table}>
            <thead>
              <tr>
                <th className={cn(head, "w-[66px]")}>Offered</th>
                <th className={head}>Model</th>
                <th className={cn(head, roomy)}>Provider</th>
                <th className={cn(head, roomy)}>Slot</th>
                <th className={cn(head, roomy, "text-right")}>Reads</th>
                <th className={cn(head, "text-right")}>$ per million, in / out</th>
              </tr>
            </thead>
            <tbody>
              {all.map((model) => (
                <Row key={model.model_id} model={model} mayChange={mayChange} onOffer={(isOffered) => void offer(model, isOffered)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

const roomy = "max-laptop:hidden" // beside the settings there is little room on a tablet
const STATES = { ok: "", key_refused: "key refused", unreachable: "not reached", at_limit: "at its limit" } as const

function Row({ model, mayChange, onOffer }: { model: ModelView; mayChange: boolean; onOffer: (isOffered: boolean) => void }) {
  const pale = model.is_offered ? "" : "text-ink-3"
  const note = model.note || (model.is_demo ? "a small demo model: quick, and often wrong" : "")
  return (
    <tr>
      <td className={cell}>
        <Switch label={`${model.name} is offered`} checked={model.is_offered} disabled={!mayChange} onChange={(event) => onOffer(event.target.checked)} />
      </td>
      <td className={cn(cell, "font-medium text-ink", !model.is_offered && "font-normal text-ink-3")}>
        <span className="flex items-center gap-[9px]">
          <Glyph slot={model.slot} name={model.name} />
          <span className="flex items-baseline gap-[9px] max-laptop:flex-col max-laptop:gap-0 max-laptop:py-1.5 max-laptop:whitespace-normal">
            {model.name}
            {model.state !== "ok" && (
              <span className={cn("text-small font-normal", model.state === "at_limit" ? "text-warn" : "text-danger")}>{STATES[model.state]}</span>
            )}
            {note && <span className="text-small font-normal text-ink-3 max-tablet:hidden">{note}</span>}
          </span>
        </span>
      </td>
      <td className={cn(cell, roomy, pale)}>{model.provider_name}</td>
      <td className={cn(cell, roomy, pale)}>
        {model.slot > 0 && (
          <span className={cn("flex items-center gap-[7px] text-small text-ink-3", hueClass(model.slot))}>
            <i className="h-[3px] w-3.5 rounded-[2px] bg-(--hue)" />
            {hueName(model.slot)}
          </span>
        )}
      </td>
      <td className={cn(cell, roomy, "text-right", pale)}>{size(model.context_tokens)}</td>
      <td className={cn(cell, "text-right", pale)}>{prices(model.price_in, model.price_out) || <span className="text-ink-3">not known</span>}</td>
    </tr>
  )
}
