/** Dialog: a question in front of the page. The browser holds the focus in it and closes it on Escape. */
import { useEffect, useId, useRef, type ReactNode } from 'react'
import { createPortal } from 'react-dom'
import { IconButton } from './Button'
import { useInFront } from './front'

interface DialogProps {
  title: string
  closeLabel: string
  onClose: () => void
  children: ReactNode
}

export function Dialog({ title, closeLabel, onClose, children }: DialogProps) {
  const id = useId()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  useInFront(dialog)
  // In front of the page, not in the part of it that asked: that part may be hidden.
  return createPortal(
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
      className="m-auto w-[min(30rem,calc(100vw-2rem))] rounded-2xl border border-line bg-raised p-0 text-ink shadow-float"
    >
      <div className="p-5">
        <div className="mb-4 flex items-start justify-between gap-3">
          <h2 id={id} className="pt-1 text-lg leading-snug font-semibold">
            {title}
          </h2>
          <IconButton icon="close" label={closeLabel} onClick={onClose} className="-mt-1 -mr-1" />
        </div>
        {children}
      </div>
    </dialog>,
    document.body,
  )
}
