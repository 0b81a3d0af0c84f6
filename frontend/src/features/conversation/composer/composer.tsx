/** Where people write: to the room, to several models at once, or to let models talk it over. */

import { ArrowUpIcon } from "@solar-icons/react/linear/arrow-up"
import { CloseIcon } from "@solar-icons/react/linear/close"
import { useQuery } from "@tanstack/react-query"
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react"

import { ComposerBar } from "@/features/conversation/composer/composer-bar"
import { Field } from "@/features/conversation/composer/field"
import { type Named, namedModels } from "@/features/conversation/composer/mentions"
import { ReadOnly } from "@/features/conversation/composer/read-only"
import { useUnfolded } from "@/features/conversation/composer/use-unfolded"
import { useDraft } from "@/features/conversation/composer/use-draft"
import { useLineUp } from "@/features/conversation/composer/use-line-up"
import { type Saying, useSend } from "@/features/conversation/composer/use-send"
import { useRoom } from "@/features/conversation/room-context"
import { InTurnBar, useModel } from "@/features/runs/in-turn"
import { WhoLine } from "@/features/presence/who-line"
import { IconButton } from "@/components/ui/icon-button"
import { cn } from "@/lib/cn"
import { plain } from "@/lib/markdown/safe"
import { MAX_BODY_BYTES, type Message, type Mode, type ThreadView } from "@/lib/protocol"
import { usePreference } from "@/lib/preferences"
import { membersQuery, threadQuery } from "@/lib/queries"
import { isMac, useShortcuts } from "@/lib/shortcuts"
import { sayTyping, useConnection } from "@/lib/socket"
import { useStore } from "@/lib/store"
import { useRoomView } from "@/lib/use-room"

export interface Suggestion {
  body: string
  mode: Mode
  /** Raised with each, so that the same one can be taken twice. */
  turn: number
}

interface ComposerProps {
  thread: ThreadView
  /** In an empty room it is all there is. */
  isAlone?: boolean
  suggestion?: Suggestion | null
}

export function Composer(props: ComposerProps) {
  const { canWrite } = useRoom()
  return canWrite ? <Writing {...props} /> : <ReadOnly thread={props.thread} />
}

function Writing({ thread, isAlone = false, suggestion = null }: ComposerProps) {
  const room = useRoom()
  const { store, threadId, me, offered, areModelsKnown, isPhone, ui } = room
  const { runs, messages } = useRoomView(store)
  const { replyTo, picked, rounds } = useStore(ui)
  const [text, setText] = useDraft(`${threadId}.${me.id}`)
  const [pasted, setPasted] = useState(0)
  const [isPickerOpen, setIsPickerOpen] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const form = useRef<HTMLFormElement>(null)
  const names = useNames(thread)
  const { lineUp, setLineUp } = useLineUp(thread)
  const { send, sendInBranch } = useSend()
  const doesEnterSend = usePreference("enter_sends")
  const limits = useConnection().hello?.limits

  const talk = useMemo(() => [...runs.values()].find((run) => run.kind === "in_turn" && (run.state === "running" || run.state === "stopping") && run.branch_id === room.branchId), [runs, room.branchId])
  const next = useModel(talk?.next_model_id ?? null)
  // A mode that was picked holds until a talk begins or ends: then it is the talk that decides.
  const mode: Mode = areModelsKnown && offered.length === 0 ? "talk" : picked && picked.talk === talk?.id ? picked.mode : talk ? "talk" : "ask"
  const talkId = talk?.id
  const setMode = useCallback((mode: Mode) => ui.set((now) => ({ ...now, picked: { mode, talk: talkId } })), [ui, talkId])
  const setRounds = (rounds: number) => ui.set((now) => ({ ...now, rounds }))

  const taken = useRef(0)
  useEffect(() => {
    if (!suggestion || suggestion.turn === taken.current) return
    taken.current = suggestion.turn
    setText(suggestion.body)
    setMode(suggestion.mode)
    field.current?.focus()
  }, [suggestion, setText, setMode])
  useEffect(() => {
    if (replyTo) field.current?.focus()
  }, [replyTo])

  const named = useMemo(() => (mode === "ask" ? namedModels(text, names.filter((one) => one.kind === "model")) : []), [mode, text, names])
  const bytes = useMemo(() => (text.length * 3 > MAX_BODY_BYTES ? new TextEncoder().encode(text).length : 0), [text])
  const most = limits?.max_body_bytes ?? MAX_BODY_BYTES
  const isTooLong = bytes > most
  const isReady = text.trim() !== "" && !isTooLong

  useShortcuts([{ keys: "mod+m", label: "Who answers", group: "Room", run: () => setIsPickerOpen(!isPickerOpen) }])

  const [isUnfolded, unfold] = useUnfolded()

  function say(how: (saying: Saying) => Promise<boolean> | void) {
    if (!isReady) return
    const isAlreadyNamed = mode === "ask" && named.length > 0
    // Before the models are known the thread's own line-up answers: the server knows it.
    if (mode !== "talk" && areModelsKnown && !isAlreadyNamed && lineUp.length < (mode === "debate" ? 2 : 1)) {
      setIsPickerOpen(true)
      return
    }
    const models = mode === "talk" || !areModelsKnown ? null : isAlreadyNamed ? [...named] : lineUp.map((model) => model.model_id)
    const said = how({ body: text.trim(), mode, models, rounds, replyTo: replyTo?.seq ?? null })
    void said?.then((isSaid) => isSaid || giveBack(text, replyTo))
    setText("")
    setPasted(0)
    if (replyTo) ui.set((now) => ({ ...now, replyTo: null }))
    field.current?.focus()
  }
  /** What was refused is in the field again, unless something else is there by now. */
  function giveBack(words: string, inReplyTo: Message | null) {
    if (field.current?.value) return
    setText(words)
    ui.set((now) => ({ ...now, replyTo: now.replyTo ?? inReplyTo }))
  }
  function editLast(): boolean {
    const mine = [...messages.values()].filter((message) => message.author.id === me.id && message.author.kind === "person" && message.state === "complete")
    const last = mine.sort((a, b) => b.seq - a.seq)[0]
    if (last) ui.set((now) => ({ ...now, editing: last.id }))
    return last !== undefined
  }
  function onKey(event: KeyboardEvent<HTMLTextAreaElement>) {
    const isMod = isMac ? event.metaKey : event.ctrlKey
    if (event.key === "Enter") {
      const isSend = doesEnterSend ? !event.shiftKey && !isMod : isMod && !event.shiftKey
      const isBranch = doesEnterSend ? isMod && !event.shiftKey : isMod && event.shiftKey
      if (!isSend && !isBranch) return
      event.preventDefault()
      say(isBranch ? sendInBranch : send)
    } else if (event.key === "ArrowUp" && text === "" && editLast()) event.preventDefault()
    else if (event.key === "Escape" && replyTo) {
      event.stopPropagation()
      ui.set((now) => ({ ...now, replyTo: null }))
    }
  }
  function change(body: string) {
    setText(body)
    if (body.trim()) sayTyping(threadId)
    if (!body) setPasted(0)
  }
  const placeholder = talk && mode === "talk" ? (next ? `Say something; it goes in before ${next.name}’s turn` : "Say something") : isAlone ? "Ask anything" : placeholderOf(mode, isPhone)
  return (
    <>
      {!isAlone && (talk ? <InTurnBar run={talk} /> : !isPhone && <WhoLine threadId={threadId} myId={me.id} />)}
      <form
        ref={form}
        className={cn("composer", isAlone && "is-alone")}
        aria-label="New message"
        data-unfolded={isUnfolded || text !== "" || undefined}
        onFocus={unfold.onFocus}
        onBlur={unfold.onBlur}
        onSubmit={(event) => {
          event.preventDefault()
          say(send)
        }}
        onClick={(event) => event.target === event.currentTarget && field.current?.focus()}
      >
        {replyTo && (
          <p className="composer-note">
            <span className="cut grow">
              Replying to <b className="font-medium">{plain(replyTo.author.name)}</b>: {plain(replyTo.body).slice(0, 120)}
            </span>
            <IconButton label="Do not reply" hasTip={false} className="-my-1 size-7" onClick={() => ui.set((now) => ({ ...now, replyTo: null }))}>
              <CloseIcon size={14} />
            </IconButton>
          </p>
        )}
        <Field field={field} text={text} placeholder={placeholder} names={names} doesNarrow={mode === "ask"} onChange={change} onPasted={setPasted} onKey={onKey} isTall={isAlone} autoFocus />
        {(isTooLong || pasted > 0) && (
          <p className={cn("composer-note", isTooLong && "text-danger")} role="status">
            {isTooLong ? `The message is ${Math.ceil(bytes / 1024)} KB; ${Math.floor(most / 1024)} KB is the most.` : `${pasted.toLocaleString("en")} characters pasted. Models read all of it.`}
          </p>
        )}
        <ComposerBar
          mode={mode}
          onMode={setMode}
          lineUp={{ models: lineUp, named, onChange: setLineUp, isPickerOpen, onPicker: setIsPickerOpen, anchor: form }}
          thread={thread}
          talk={talk ?? null}
          rounds={rounds}
          mostRounds={limits?.max_rounds ?? 10}
          onRounds={setRounds}
        >
          <button type="submit" aria-label="Send" className="send" data-ready={isReady || undefined} aria-disabled={!isReady}>
            <ArrowUpIcon size={18} />
          </button>
        </ComposerBar>
      </form>
    </>
  )
}

function placeholderOf(mode: Mode, isPhone: boolean): string {
  if (mode === "debate") return "What shall they talk over?"
  if (mode === "talk") return isPhone ? "Say something" : "Say something to the people here"
  return isPhone ? "Ask the room" : "Ask the room, or type @ for one person or model"
}

/** Whom "@" may mean here: the people who see the thread, and every model that may be asked. */
function useNames(thread: ThreadView): Named[] {
  const { projectId, threadId, offered, me } = useRoom()
  const members = useQuery(membersQuery(projectId)).data
  const people = useQuery(threadQuery(threadId)).data?.people
  return useMemo(() => {
    const inside = thread.is_private ? new Set(people?.map((person) => person.id)) : null
    const persons = (members ?? []).filter((member) => member.user_id !== me.id && (!inside || inside.has(member.user_id)))
    return [
      ...persons.map((member): Named => ({ id: member.user_id, name: member.name, kind: "person", slot: 0 })),
      ...offered.map((model): Named => ({ id: model.model_id, name: model.name, kind: "model", slot: model.slot })),
    ]
  }, [thread.is_private, people, members, offered, me.id])
}
