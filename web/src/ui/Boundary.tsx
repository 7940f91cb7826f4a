/** Boundary: what cannot be drawn is said in its place, and takes nothing else with it. */
import { Component, type ReactNode } from 'react'

interface BoundaryProps {
  /** Shown instead. */
  otherwise: ReactNode
  children: ReactNode
}

export class Boundary extends Component<BoundaryProps, { isBroken: boolean }> {
  override state = { isBroken: false }

  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true }
  }

  override render(): ReactNode {
    return this.state.isBroken ? this.props.otherwise : this.props.children
  }
}
