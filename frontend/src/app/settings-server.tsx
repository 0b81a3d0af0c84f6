import { useQuery } from "@tanstack/react-query"

import { Fact, Facts } from "@/components/ui/facts"
import { Leaf, Part } from "@/components/ui/part"
import { Skeleton } from "@/components/ui/skeleton"
import { serverQuery } from "@/lib/queries"
import { useConnection } from "@/lib/socket"

/** What this server is, and what its pages are made of. */
export default function SettingsServer() {
  const server = useQuery(serverQuery()).data
  const { hello } = useConnection()
  if (!server) return <Skeleton />
  return (
    <Leaf title="This server" about={`${server.name}, at ${location.host}.`}>
      <Part title="Version" about="Whoever looks after the server brings it up to date.">
        <Facts className="-mt-[11px] [&>:is(dt,dd):nth-child(-n+2)]:border-t-0">
          <Fact name="Parley">{server.version}</Fact>
          {hello && <Fact name="Protocol">{hello.protocol}</Fact>}
          <Fact name="Accounts" note={server.is_sign_up_open ? "Anybody who reaches the server may make one." : "Only invitations make them."}>
            {server.is_sign_up_open ? "open" : "by invitation"}
          </Fact>
        </Facts>
      </Part>
      <Part title="With thanks" about="Under their own licences.">
        <p className="leading-normal text-ink-2">
          Faces: Hanken Grotesk, Newsreader and Geist Mono, under the SIL Open Font License. Icons: Solar by 480 Design, under CC BY 4.0.
        </p>
      </Part>
    </Leaf>
  )
}
