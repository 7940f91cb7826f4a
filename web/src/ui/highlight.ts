/** Highlight: code as elements with the names of what they are. Loaded when the first code is shown. */
import { toJsxRuntime } from 'hast-util-to-jsx-runtime'
import { common, createLowlight } from 'lowlight'
import type { ReactNode } from 'react'
import { Fragment, jsx, jsxs } from 'react/jsx-runtime'

const lowlight = createLowlight(common)

/** The code's elements, or null for a language that is not known. */
export function highlight(language: string, text: string): ReactNode {
  if (!lowlight.registered(language)) return null
  return toJsxRuntime(lowlight.highlight(language, text), { Fragment, jsx, jsxs }) as ReactNode
}
