-- Messages with one word left open, until that word proves to vary: see tracker/slots.py.
CREATE TABLE tracker_groupingslot (
    project_id bigint NOT NULL,
    version varchar(8) NOT NULL,
    hash bytea NOT NULL,
    members bigint[] NOT NULL DEFAULT '{}',
    repeats smallint NOT NULL DEFAULT 0,
    varying boolean NOT NULL DEFAULT false,
    joined boolean NOT NULL DEFAULT false,
    touched_on date NOT NULL,
    PRIMARY KEY (project_id, version, hash)
);
CREATE INDEX slot_to_join ON tracker_groupingslot (project_id) WHERE varying AND NOT joined;
