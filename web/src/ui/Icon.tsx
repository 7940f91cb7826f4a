/** Icon: small drawings in the colour of the text. They decorate: what carries them has a name of its own. */

const PATHS = {
  plus: 'M12 5v14M5 12h14',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM20 20l-4-4',
  send: 'M12 19V5M6 11l6-6 6 6',
  stop: 'M7 7h10v10H7z',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  close: 'M6 6l12 12M18 6L6 18',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  copy: 'M9 9h10v10H9zM5 15V5h10',
  edit: 'M5 19h4L19 9l-4-4L5 15v4Z',
  trash: 'M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12',
  pin: 'M12 16v5M8 4h8l-1 6 3 4H6l3-4-1-6Z',
  archive: 'M4 5h16v4H4zM6 9v10h12V9M10 13h4',
  down: 'M12 5v14M6 13l6 6 6-6',
  chevron: 'M7 10l5 5 5-5',
  menu: 'M4 7h16M4 12h16M4 17h16',
  pause: 'M9 6v12M15 6v12',
  play: 'M8 5l11 7-11 7V5Z',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5l3 2',
  warning: 'M12 4l9 16H3L12 4ZM12 10v4M12 17h.01',
  hand: 'M8 13V6.5a1.5 1.5 0 0 1 3 0V11V4.5a1.5 1.5 0 0 1 3 0V11V6.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-11 3l-2.5-4a1.5 1.5 0 0 1 2.5-1.6L8 13Z',
  retry: 'M20 12a8 8 0 1 1-2.5-5.8M20 4v5h-5',
  fork: 'M7 5v14M7 12c6 0 10-1 10-7M17 5l-3 3M17 5l3 3',
  attach: 'M19 11l-8 8a5 5 0 0 1-7-7l9-9a3.5 3.5 0 0 1 5 5l-9 9a2 2 0 0 1-3-3l8-8',
  up: 'M6 14l6-6 6 6',
  drag: 'M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01',
  bolt: 'M13 3L5 14h6l-1 7 8-11h-6l1-7Z',
  tool: 'M14 6a4 4 0 0 0 5 5l-9 9-4-4 8-10Z',
  panel: 'M4 5h16v14H4zM15 5v14',
  bell: 'M6 16V11a6 6 0 1 1 12 0v5l2 2H4l2-2ZM10 21h4',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 20c1-4 4-5 8-5s7 1 8 5',
  key: 'M8 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM11 12l8-8M16 7l3 3',
  leave: 'M14 5H5v14h9M10 12h10M17 9l3 3-3 3',
  keyboard: 'M3 7h18v11H3zM7 11h.01M11 11h.01M15 11h.01M8 15h8',
  screen: 'M4 5h16v11H4zM9 20h6M12 16v4',
  moon: 'M19 14a8 8 0 1 1-9-10 7 7 0 0 0 9 10Z',
  comment: 'M5 5h14v11h-8l-4 4v-4H5z',
  sun: 'M12 17a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1 1M18 18l1 1M19 5l-1 1M6 18l-1 1',
  share: 'M12 15V4M8 8l4-4 4 4M5 13v7h14v-7',
  settings: 'M5 7h8M17 7h2M5 17h2M11 17h8M15 5v4M9 15v4',
  thumb_up: 'M7 11v9H4v-9h3ZM7 11l4-7c2 0 2 1 2 3l-1 3h6l2 2-2 7H7',
  thumb_down: 'M7 13V4H4v9h3ZM7 13l4 7c2 0 2-1 2-3l-1-3h6l2-2-2-7H7',
} as const

export type IconName = keyof typeof PATHS

/** Drawings that are made of dots. */
const DOTS: readonly IconName[] = ['more', 'drag']

export function Icon({ name, className = 'size-4' }: { name: IconName; className?: string }) {
  return (
    <svg aria-hidden="true" className={`icon ${DOTS.includes(name) ? 'icon-dots' : ''} ${className}`} viewBox="0 0 24 24">
      <path d={PATHS[name]} />
    </svg>
  )
}
