/** How tables of settings look: hairlines, small heads, tabular figures. */

export const table = "num w-full border-collapse"
export const head = "pr-5 pb-[9px] text-left text-small/none font-medium whitespace-nowrap text-ink-3 last:pr-0"
/** A column that a phone has no room for. */
export const wider = "max-tablet:hidden"
export const cell = "h-[38px] border-t align-middle border-line pr-5 whitespace-nowrap text-ink-2 last:pr-0"
