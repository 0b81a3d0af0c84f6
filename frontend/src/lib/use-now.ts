import { useEffect, useState } from "react"

/** This function will give the time, told anew every so often while it matters. */
export function useNow(isOn: boolean, everyMs = 1000): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (!isOn) return undefined
    const tell = () => setNow(Date.now())
    const first = setTimeout(tell, 0)
    const timer = setInterval(tell, everyMs)
    return () => {
      clearTimeout(first)
      clearInterval(timer)
    }
  }, [isOn, everyMs])
  return now
}

/** This function will say for `ms` after `isOn` went off that it has just gone off. */
export function useJustOff(isOn: boolean, ms: number): boolean {
  const [was, setWas] = useState(isOn)
  const [isRecent, setIsRecent] = useState(false)
  if (was !== isOn) {
    setWas(isOn)
    setIsRecent(!isOn)
  }
  useEffect(() => {
    if (!isRecent) return undefined
    const timer = setTimeout(() => setIsRecent(false), ms)
    return () => clearTimeout(timer)
  }, [isRecent, ms])
  return isRecent
}
