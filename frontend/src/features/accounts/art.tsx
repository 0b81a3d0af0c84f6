import { Glyph, hueClass } from "@/components/ui/glyph"
import { Letter } from "@/components/ui/letter"
import { Mark } from "@/components/ui/mark"
import { cn } from "@/lib/cn"

const LANES = [
  { letter: "A", slot: 1, name: "GPT-5.1", text: "Because a battery is a single point of failure, and a crossing is a bad place to find out. Paper is the backup that people already trust." },
  { letter: "B", slot: 2, name: "Claude Sonnet 4.5", text: "Ask what the paper is for. It is often handed to a child, a parent or a guard. A phone holds one ticket for one owner; paper can be passed on." },
  { letter: "C", slot: 3, name: "Gemini 3 Pro", text: "Signal drops at the quay, where it is needed. A ticket that opens without a network would take away the main reason." },
] as const

/** A question, three answers, and one made from them: what the product does, before one is in. */
export function LanesArt() {
  return (
    <div aria-hidden="true" className="w-full max-w-[680px]">
      <p className="max-w-[15em] font-serif text-[2.125rem]/[1.18] font-[440] tracking-[-0.015em] text-balance">Why do people still print their ticket when the phone works?</p>
      <div className="mt-7 grid grid-cols-3">
        {LANES.map(({ letter, slot, name, text }) => (
          <div key={letter} className={cn("min-w-0 border-l border-line px-3.5 first:border-0 first:pl-0 last:pr-0", hueClass(slot))}>
            <div className="mb-2.5 h-0.5 rounded-[1px] bg-(--hue)" />
            <div className="flex h-[22px] items-center gap-[7px]">
              <Letter>{letter}</Letter>
              <Glyph slot={slot} size={14} />
              <span className="cut font-semibold">{name}</span>
            </div>
            <p className="mt-2.5 text-[0.875rem]/[1.58] text-ink-2">{text}</p>
          </div>
        ))}
      </div>
      <div className="mt-[30px] border-t border-ink pt-3.5">
        <p className="flex items-center gap-[7px] font-semibold">
          <Mark className="text-pen" />
          One answer
        </p>
        <p className="mt-2.5 max-w-[66ch] font-serif text-[1.25rem]/[1.58]">
          People print because a phone can fail, belongs to one person, and needs a signal where there is none.
          <Sources slots={[1, 2, 3]} /> Make the ticket open offline first.
          <Sources slots={[3]} /> Then let it be handed to somebody
          <span className="caret m2 w-2" />
        </p>
      </div>
    </div>
  )
}

function Sources({ slots }: { slots: readonly number[] }) {
  return (
    <span className="mx-0.5 align-[0.34em] font-sans text-micro/none font-semibold tracking-[0.06em] whitespace-nowrap">
      {slots.map((slot) => (
        <i key={slot} className={cn("text-(--hue) not-italic", hueClass(slot))}>
          {" ABC"[slot]}
        </i>
      ))}
    </span>
  )
}

/** Two models at odds: the picture at the door of those who come back. */
export function DebateArt() {
  return (
    <div aria-hidden="true" className="w-full max-w-[620px]">
      <p className="font-serif text-[2.125rem]/[1.2] font-[420] tracking-[-0.014em]">A ferry should sell seats like a train.</p>
      <div className="mt-[26px] mb-[30px] grid grid-cols-2 gap-10 text-small text-ink-3">
        <div className="m2 border-b-2 border-(--hue) pb-[11px]">
          <b className="mb-[3px] flex items-center gap-2 text-lane font-semibold text-ink">
            <Glyph slot={2} size={16} />
            Claude Sonnet 4.5
          </b>
          For
        </div>
        <div className="m1 border-b-2 border-[color-mix(in_oklab,var(--hue)_26%,var(--paper))] pb-[11px] text-right">
          <b className="mb-[3px] flex items-center justify-end gap-2 text-lane font-medium text-ink-2">
            GPT-5.1
            <Glyph slot={1} size={16} />
          </b>
          Against
        </div>
      </div>
      <By slot={1} name="GPT-5.1" turn="against, turn 3" isPast />
      <p className="mt-[3px] font-serif text-[1.0625rem]/[1.5] text-ink-3">A train comes again in ten minutes. The boat comes again tomorrow, and the hotel is on this side.</p>
      <div className="m2 relative mt-7 border-t-2 border-[color-mix(in_oklab,var(--hue)_30%,var(--paper))] pt-3.5 before:absolute before:-top-0.5 before:left-[26%] before:h-0.5 before:w-[34%] before:rounded-[1px] before:bg-(--hue)">
        <By slot={2} name="Claude Sonnet 4.5" turn="for, turn 4" />
        <p className="mt-2 font-serif text-[1.5rem]/[1.46] font-[380] tracking-[-0.006em]">
          Then sell the last seats{" "}
          <span className="underline decoration-[color-mix(in_oklab,var(--m1)_75%,transparent)] decoration-[1.5px] underline-offset-[5px]">as if there were no tomorrow</span>, and keep ten for
          those who have to cross. <span className="underline decoration-(--hue) decoration-2 decoration-dotted underline-offset-[5px]">I grant that a ferry owes them something.</span> A timetable is a
          promise, and
          <span className="caret w-[9px]" />
        </p>
      </div>
    </div>
  )
}

function By({ slot, name, turn, isPast = false }: { slot: number; name: string; turn: string; isPast?: boolean }) {
  return (
    <p className="flex items-center gap-2">
      <Glyph slot={slot} size={14} />
      <b className={isPast ? "font-medium text-ink-2" : "font-semibold"}>{name}</b>
      <span className="text-small text-ink-3">{turn}</span>
    </p>
  )
}
