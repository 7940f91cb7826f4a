/** Plain line: what was said last without the marks of Markdown: a list has no room for them. */

const PAIRS = /(\*{1,3}|~~|`{1,3})(\S(?:.*?\S)?)\1/g
const LINKS = /!?\[([^\]]*)\]\([^)]*\)/g
/** A single star or line is a bullet only where the text begins: elsewhere it may as well be a sum. */
const LINE_MARKS = /(^|\s)(?:#{1,6}|>|\||[-|:]{3,}|```\w*|[-*] \[[ x]\])(?=\s|$)|^[-*](?=\s)/g

export function plainLine(text: string): string {
  return text.replace(PAIRS, '$2').replace(LINKS, '$1').replace(LINE_MARKS, ' ').replace(/\s+/g, ' ').trim() || text
}
