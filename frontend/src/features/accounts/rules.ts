import * as z from "zod/mini"

/** The same rules as the server's, said before it is asked. The server decides. */

export const emailRule = z.string().check(z.trim(), z.regex(/^\S+@\S+\.\S+$/, "An email has a name, an @ and a place."))
export const nameRule = z.string().check(z.trim(), z.minLength(1, "A name is missing."), z.maxLength(80, "A name has 80 characters at most."))
export const passwordRule = z.string().check(z.minLength(12, "At least 12 characters."))
export const PASSWORD_HINT = "At least 12 characters. A few plain words are easier to keep than symbols."
