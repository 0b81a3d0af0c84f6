import { Link } from "@tanstack/react-router"

import { DebateArt, LanesArt } from "@/features/accounts/art"
import { Door } from "@/features/accounts/door"
import { JoinField, JoinWithIt } from "@/features/accounts/join-with-it"
import { SignInForm } from "@/features/accounts/sign-in"
import { SignUpForm } from "@/features/accounts/sign-up"
import type { ServerView } from "@/lib/protocol.gen"

interface DoorPageProps {
  server: ServerView
  onDone: () => Promise<void>
}

export const linkLook = "font-medium text-pen underline-offset-[3px] hover:underline"

/** For those who were here before. */
export function SignInDoor({ server, onDone }: DoorPageProps) {
  return (
    <Door title="The room is as you left it." foot={`${location.host}, version ${server.version}`} art={<DebateArt />} under={<Under server={server} />}>
      <SignInForm label="Sign in" button="Sign in" onDone={onDone} />
    </Door>
  )
}

function Under({ server }: { server: ServerView }) {
  return (
    <>
      <p>Forgotten it? Whoever looks after this server can set a new one.</p>
      {server.is_sign_up_open && (
        <p>
          New here?{" "}
          <Link to="/sign-up" className={linkLook}>
            Create an account
          </Link>
        </p>
      )}
      <JoinWithIt />
    </>
  )
}

/** The first account of a server, or one more where sign-up is open. */
export function SignUpDoor({ server, onDone }: DoorPageProps) {
  if (!server.has_people)
    return (
      <Door
        title="Think together, with people and models in one room."
        lead="You are the first one here. This account looks after the server: it adds models and invites the others."
        foot="Runs on your own server. Nothing leaves it until you add a remote model."
        art={<LanesArt />}
      >
        <SignUpForm label="Create the first account" button="Create account and open the first room" onDone={onDone} />
      </Door>
    )
  return (
    <Door
      title="Think together, with people and models in one room."
      {...(!server.is_sign_up_open && { lead: "One comes in by invitation here. Paste the link you were sent, or ask somebody who is in for one." })}
      foot="What you write stays on this server, but for the models you ask."
      art={<LanesArt />}
      under={
        <>
          <p>
            Have an account on this server?{" "}
            <Link to="/sign-in" className={linkLook}>
              Sign in
            </Link>
          </p>
          {server.is_sign_up_open && <JoinWithIt />}
        </>
      }
    >
      {server.is_sign_up_open ? <SignUpForm label="Create an account" button="Create account" onDone={onDone} /> : <JoinField className="mt-[22px]" />}
    </Door>
  )
}
