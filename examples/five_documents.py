"""Five documents, five threads, all at once: what docs/walkthrough.md shows. Usage: five_documents.py URL KEY FOLDER.

Uploads every text file of a folder into one new session, and opens a thread for each line of `questions.txt` in it:
a first question and what is to be asked while the answer is on its way, with ` | ` between. All threads run at once.
Then it prints each thread's transcript, the receipts, and what each thread's stream carried.
"""

import asyncio
import sys
from pathlib import Path

import laneway


def read(folder: Path) -> tuple[dict[str, bytes], list[list[str]]]:
    """The folder's documents by name, and the questions of each thread."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".txt", ".md"))
    documents = {path.name: path.read_bytes() for path in paths}
    lines = documents.pop("questions.txt").decode().splitlines()
    return documents, [line.split(" | ") for line in lines]


async def upload(lane: laneway.Lane, documents: dict[str, bytes]) -> str:
    """Put the documents into a new session; return its id."""
    session = await lane.create_session(title="Five documents")
    for name, content in documents.items():
        file = await lane.upload(name, content, media_type="text/plain", session_id=session.id)
        print(f"uploaded {file.name}, {file.size} bytes")
    return session.id


async def ask(lane: laneway.Lane, session_id: str, questions: list[str]) -> list[laneway.Posted]:
    """Ask in a thread of its own: the first question, and the others while it is being answered."""
    thread = await lane.create_thread(session_id=session_id, agent_id="guide")
    return [await lane.post(thread.id, question) for question in questions]


async def converse(lane: laneway.Lane, session_id: str, questions: list[str]) -> str:
    """Ask, wait until everything is answered, and tell the conversation."""
    posted = await ask(lane, session_id, questions)
    async for _ in lane.follow(posted[-1]):
        pass
    return await told(lane, posted[0].thread_id, [each.item_id for each in posted])


async def told(lane: laneway.Lane, thread_id: str, item_ids: list[str]) -> str:
    """A thread's transcript, its receipts, and a check that its stream carries nothing of another thread."""
    thread = await lane.get_thread(thread_id)
    lines = [f"\n## {thread.title}", ""]
    for item in await lane.messages(thread_id, limit=100):
        lines += [f"**{item.sender or item.agent}:** {item.text}", ""]
    receipts = [await lane.receipt(item_id) for item_id in item_ids]
    turns = {turn.id: turn.number for turn in await lane.list_turns(thread_id)}
    lines += [f"- `{receipt.id}` was {receipt.state} by turn {turns[receipt.turn_id or '']}" for receipt in receipts]
    events = [event async for event in lane.events(thread_id, after=0, follow=False)]
    foreign = [event for event in events if event.thread_id != thread_id]
    lines.append(f"- its stream carried {len(events)} events, {len(foreign)} of them of another thread")
    return "\n".join(lines)


async def main(url: str, key: str, documents: dict[str, bytes], questions: list[list[str]]) -> None:
    """Run it and print the transcripts."""
    async with laneway.connect(url, key) as lane:
        session_id = await upload(lane, documents)
        for transcript in await asyncio.gather(*(converse(lane, session_id, each) for each in questions)):
            print(transcript)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], *read(Path(sys.argv[3]))))
