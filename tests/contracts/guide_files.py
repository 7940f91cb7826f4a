"""Five documents as people have them, and questions of which each is answered by one of them only."""

_TEXTS: dict[str, str] = {
    "garden.txt": """Community garden, rules for this year
Section titled “Plots”Each family has one plot.
- plots are given out in March
- a plot that stands empty for six weeks goes to the next family on the list
- the waiting list hangs at the shed

Watering
Section titled “Watering”Water only before nine in the morning or after seven in the evening.
- the volunteers of the week water the tomatoes in the shared bed
- everybody waters the own plot
- the hose stays rolled up when nobody uses it

Shared tools
Section titled “Shared tools”All families share:
- spades and rakes
- the wheelbarrow
- the shredder, only with goggles

Harvest
What grows in the shared bed goes to the kitchen of the school.
""",
    "heating.md": """# Heating plan for the house at the lake

**Status**: approved by the owners' meeting

## Overview

The gas boiler from 1998 is replaced by a heat pump. The radiators stay.

## Decision

We looked at three options.

1. **Option A: pellet stove.** Cheap to run, but nobody wants to carry pellets.
2. **Option B: heat pump (chosen).** Highest price, lowest running cost.
3. **Option C: repair the boiler.** Rejected: there are no spare parts.

## Maintenance

- The boiler is serviced every October until it is taken out.
- The filter of the heat pump is cleaned twice a year.

## Costs

| item | euros |
|---|---|
| heat pump | 14,500 |
| installation | 6,200 |
""",
    "backup.md": """# Backup of the file server

## Schedule

A full backup runs on Sunday at 02:00. On all other days an incremental backup runs at 03:30.

## `RestoreJob`

- `restore_id`: unique identifier of a restore
- `target_path`: where the files are put
- `dry_run`: only list what would be restored

### Retention

Daily backups are kept for 30 days, monthly ones for two years. Nothing older is kept.

## Monitoring

When a backup fails twice in a row, the on-call engineer is paged. The pager number is in the safe.
""",
    "choir.txt": """From: Martha
To: all singers

Dear all,

rehearsals are on Thursday at half past seven in the old fire station. Please be there ten minutes early, because the
door is locked when we begin.

1. Repertoire for the spring concert
We sing the Requiem by Fauré and four madrigals. Scores cost 12 euros; Jonas collects the money.

2. Who may sing a solo?
Everybody who has come to at least eight rehearsals. Auditions for the soprano solo are on the second of May.

3. Absence
Tell Martha, not Jonas. Whoever misses the dress rehearsal cannot sing in the concert.
""",
    "delivery.md": """Parcel router, notes for the next version

Goal:

- one place decides where a parcel goes
- drivers never guess

Contract of the router:

resolveDepot(input: { parcelId: string; postalCode: string; failClosed: boolean }): string | null

Rules

A parcel whose postal code is unknown goes to the clearing desk. With failClosed it is not sent at all, and the sender
gets a letter.

Responsibilities of a depot

- weigh and label each parcel
- return damaged parcels to the sender within three days
- count the parcels that were lost
""",
}

FILES = {name: text.encode() for name, text in _TEXTS.items()}

QUESTIONS = [
    ("garden.txt", "Who waters the tomatoes?", "volunteers of the week"),
    ("garden.txt", "What happens to a plot that stands empty?", "goes to the next family on the list"),
    ("garden.txt", "Which tools are shared by the families?", "the wheelbarrow"),
    ("heating.md", "Which heating option was chosen?", "Option B: heat pump"),
    ("heating.md", "Why was repairing the boiler rejected?", "there are no spare parts"),
    ("heating.md", "How much does the installation cost?", "6,200"),
    ("backup.md", "How long are daily backups kept?", "30 days"),
    ("backup.md", "What is the dry_run field for?", "only list what would be restored"),
    ("backup.md", "Who is paged when a backup fails?", "on-call engineer"),
    ("choir.txt", "When and where are the rehearsals?", "old fire station"),
    ("choir.txt", "Who may sing a solo?", "at least eight rehearsals"),
    ("choir.txt", "Whom do I tell about an absence?", "Tell Martha, not Jonas"),
    ("delivery.md", "What does failClosed do to a parcel?", "not sent at all"),
    ("delivery.md", "What are the responsibilities of a depot?", "weigh and label"),
    ("delivery.md", "Where does a parcel with an unknown postal code go?", "clearing desk"),
]
