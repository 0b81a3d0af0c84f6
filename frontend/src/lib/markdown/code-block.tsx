/** Code: its language, a copy button, and colours as soon as it is whole. */

import { CopyIcon } from "@solar-icons/react/linear/copy"
import { CheckIcon } from "@solar-icons/react/linear/check"
import { lazy, memo, Suspense } from "react"

import { useCopy } from "@/lib/clipboard"

const Coloured = lazy(() => import("@/lib/markdown/coloured"))
/** Longer code stays in one colour: nobody waits for it, and nobody reads it here. */
const MOST_COLOURED = 30_000

interface CodeBlockProps {
  text: string
  lang: string
  /** It is still being written. */
  isOpen: boolean
}

export const CodeBlock = memo(function CodeBlock({ text, lang, isOpen }: CodeBlockProps) {
  const [isCopied, copy] = useCopy()
  const name = /^[\w+#.-]{1,20}/.exec(lang)?.[0] ?? ""
  const isColoured = !isOpen && name !== "" && text.length <= MOST_COLOURED
  return (
    <figure className="code">
      <pre tabIndex={0} dir="ltr" aria-label={name ? `Code, ${name}` : "Code"}>
        <code>
          {isColoured ? (
            <Suspense fallback={text}>
              <Coloured text={text} lang={name.toLowerCase()} />
            </Suspense>
          ) : (
            text
          )}
          {isOpen && <span className="caret" />}
        </code>
      </pre>
      <figcaption>
        {name && <span>{name}</span>}
        <button type="button" aria-label={isCopied ? "Copied" : "Copy the code"} onClick={() => copy(text)}>
          {isCopied ? <CheckIcon size={15} /> : <CopyIcon size={15} />}
        </button>
      </figcaption>
    </figure>
  )
})
