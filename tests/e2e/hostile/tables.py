"""All cases, by topic."""

from . import (answers_h1, answers_h2, h1_chunks, h1_fields, h1_framing, h1_hop_by_hop, h1_lines,
               h1_targets, h2_bodies, h2_fields, h2_pseudo)

TOPICS = {
    "h1-framing": h1_framing,
    "h1-chunks": h1_chunks,
    "h1-lines": h1_lines,
    "h1-targets": h1_targets,
    "h1-fields": h1_fields,
    "h1-hop-by-hop": h1_hop_by_hop,
    "h2-pseudo": h2_pseudo,
    "h2-fields": h2_fields,
    "h2-bodies": h2_bodies,
    "answers-h1": answers_h1,
    "answers-h2": answers_h2,
}

ALL = [(topic, case) for topic, table in TOPICS.items() for case in table.CASES]
