-- Django's own cache table: attempts to log in, used one-time codes.
CREATE TABLE tracker_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX tracker_cache_expires ON tracker_cache (expires);
