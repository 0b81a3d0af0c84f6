import { useState } from "react"
import { CloseIcon } from "@solar-icons/react/linear/close"
import { DangerTriangleIcon } from "@solar-icons/react/linear/danger-triangle"
import { RefreshIcon } from "@solar-icons/react/linear/refresh"

import { Button } from "@/components/ui/button"
import { IconButton } from "@/components/ui/icon-button"
import { NoticeLine } from "@/components/ui/notice-line"
import { PROTOCOL_VERSION } from "@/lib/protocol.gen"
import { useConnection } from "@/lib/socket"

/** Says that the server is newer than this page. It is never loaded for the person: what is in the field stays. */
export function VersionLine() {
  const { hello } = useConnection()
  const [loaded, setLoaded] = useState<string | undefined>(undefined)
  const [put, setPut] = useState<string | null>(null)
  const version = hello?.version
  if (version && !loaded) setLoaded(version)

  if (hello && hello.protocol !== PROTOCOL_VERSION)
    return (
      <NoticeLine tone="warn" icon={<DangerTriangleIcon size={16} />} end={<Load className="text-inherit" />}>
        This page is too old for the server. You can read; sending waits.
      </NoticeLine>
    )
  if (!version || !loaded || version === loaded || version === put) return null
  return (
    <NoticeLine
      tone="pen"
      icon={<RefreshIcon size={16} />}
      end={
        <>
          <Load className="text-pen-strong" />
          <IconButton label="Later" onClick={() => setPut(version)} hasTip={false}>
            <CloseIcon size={15} />
          </IconButton>
        </>
      }
    >
      A new version is here. Load it when you are ready.
    </NoticeLine>
  )
}

function Load({ className }: { className: string }) {
  return (
    <Button look="quiet" className={className} onClick={() => location.reload()}>
      Load
    </Button>
  )
}
