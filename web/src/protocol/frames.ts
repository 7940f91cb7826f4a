/** Frames: takes a stream of server-sent events apart. Each has one `data:` line, as the server promises. */

export interface Frame {
  id: string
  event: string
  data: string
}

/** Collects text in whatever pieces it comes, and gives the frames that are whole. */
export class FrameReader {
  private rest = ''

  push(text: string): Frame[] {
    this.rest += text
    const blocks = this.rest.split('\n\n')
    this.rest = blocks.pop() ?? ''
    return blocks.map(frameOf).filter((frame) => frame !== null)
  }
}

function frameOf(block: string): Frame | null {
  const frame: Frame = { id: '', event: '', data: '' }
  for (const line of block.split('\n')) {
    if (line.startsWith('id: ')) frame.id = line.slice(4)
    else if (line.startsWith('event: ')) frame.event = line.slice(7)
    else if (line.startsWith('data: ')) frame.data = line.slice(6)
  }
  // A keep-alive is a comment without data.
  return frame.data === '' ? null : frame
}
