/** Resources: the shapes of the API by their names, as the generated schema has them. */
import type { components } from './schema'

type Schemas = components['schemas']

export type Agent = Schemas['AgentResource']
export type Approval = Schemas['ApprovalResource']
export type LoggedIn = Schemas['LoggedIn']
export type QueueItem = Schemas['QueueItemResource']
export type Queue = Schemas['QueueResource']
export type Session = Schemas['SessionResource']
export type Thread = Schemas['ThreadResource']
export type ThreadSettings = Schemas['ThreadSettings']
export type ThreadStatus = ThreadSummary['status']
export type ThreadSummary = Schemas['ThreadSummary']
export type Turn = Schemas['TurnResource']
export type Usage = Schemas['Usage']
export type Attachment = Schemas['AttachmentResource']
export type Note = Schemas['NoteResource']
export type Timer = Schemas['TimerResource']
/** The text, and exactly one of the times. */
export type NewTimer = Pick<Schemas['CreateTimerBody'], 'text'> & Partial<Schemas['CreateTimerBody']>
export type Firing = Schemas['FiringResource']
export type Comment = Schemas['CommentResource']
export type SharedThread = Schemas['SharedThread']
export type Share = Schemas['ShareResource']
export type ReceivedShare = Schemas['ReceivedShare']
export type CreatedShare = Schemas['CreatedShare']
export type Key = Schemas['KeyResource']
export type User = Schemas['UserResource']
export type Template = Schemas['TemplateResource']
export type Analytics = Schemas['Analytics']
export type AnalyticsRow = Schemas['AnalyticsRow']
export type SearchResult = Schemas['SearchResult']
export type Delivery = 'queue' | 'steer' | 'interrupt'

/** A piece of a message. The schema leaves parts open, so that a new type of part does not break old readers. */
export type Part =
  | { type: 'text' | 'reasoning'; text: string }
  | { type: 'image' | 'file'; attachment_id: string }
  | { type: 'code'; language: string | null; text: string }
  | { type: 'data'; data: unknown }
  | { type: 'tool_call'; call_id: string; name: string; arguments: Record<string, unknown>; effect: string }
  | { type: 'tool_result'; call_id: string; result?: unknown; error?: string }

export type Item = Omit<Schemas['ItemResource'], 'parts'> & { parts: readonly Part[] }

/** A part that can be sent. */
export type SentPart =
  | { type: 'text'; text: string }
  | { type: 'image' | 'file'; attachment_id: string }
  | { type: 'code'; language?: string; text: string }
