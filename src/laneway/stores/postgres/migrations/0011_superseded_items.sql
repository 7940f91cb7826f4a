-- What was cut from transcripts is asked about for every match of a search: these few, and not all items.
CREATE INDEX item_superseded ON "item" (id) WHERE state = 'superseded';
