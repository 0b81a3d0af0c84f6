import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"

import { buttonLook } from "@/components/ui/button"
import { serverQuery } from "@/lib/queries"

/** Gone, or never yours: one page for both, so that it tells nothing. */
export function NothingHere() {
  const server = useQuery({ ...serverQuery(), retry: false }).data
  return (
    <main className="grid h-full place-items-center bg-paper p-8">
      <div className="flex max-w-[640px] items-center gap-8 max-tablet:flex-col max-tablet:items-start max-tablet:gap-5">
        <div>
          <h1 className="font-serif text-[1.375rem]/[1.24] font-[420] tracking-[-0.01em]">There is nothing here for you.</h1>
          <p className="mt-1 text-ink-2">It is gone, or it is not yours to see.</p>
        </div>
        <Link to="/" className={buttonLook()}>
          {server?.me === null ? "Sign in" : "To your last room"}
        </Link>
      </div>
    </main>
  )
}
