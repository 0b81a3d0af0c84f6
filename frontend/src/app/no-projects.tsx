import { useEffect } from "react"

import { Button } from "@/components/ui/button"
import { JoinWithIt } from "@/features/accounts/join-with-it"
import { ask } from "@/lib/shell"

/** Inside, with no project: to make one, or to come into another's. */
export function NoProjects() {
  useEffect(() => {
    document.title = "Parley"
  }, [])
  return (
    <main className="grid h-full place-content-center bg-paper p-8">
      <div className="max-w-[420px]">
        <h1 className="font-serif text-title/[1.2] font-normal tracking-[-0.016em]">You are in no project yet.</h1>
        <p className="mt-2 mb-[22px] text-lane/[1.55] text-ink-2">A project keeps threads, people and models together. Make one, or come into another’s with an invitation.</p>
        <Button look="primary" size="big" onClick={() => ask("new-project")}>
          Make a project
        </Button>
        <div className="mt-5 text-ink-3">
          <JoinWithIt />
        </div>
      </div>
    </main>
  )
}
