-- What free words look into. A table of its own: rows of tracker_issue change with every
-- event, and each change would write all trigrams of the message anew.
--   kind 0: type, message and culprit, a line each    kind 1: files    kind 2: functions
-- of the application's frames, a line each, a newline before and behind. All in capitals.
CREATE TABLE tracker_issuetext (
    project_id bigint NOT NULL,
    issue_id bigint NOT NULL,
    kind smallint NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (project_id, issue_id, kind)
);

-- Rows of one project only: distributed by project, it touches what lies beside it.
CREATE FUNCTION tracker_issue_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM tracker_issuetext WHERE project_id = OLD.project_id AND issue_id = OLD.id;
        RETURN NULL;
    END IF;
    INSERT INTO tracker_issuetext (project_id, issue_id, kind, text)
    VALUES (NEW.project_id, NEW.id, 0,
            upper(NEW.type || E'\n' || NEW.message || E'\n' || NEW.culprit))
    ON CONFLICT (project_id, issue_id, kind) DO UPDATE SET text = excluded.text;
    RETURN NULL;
END
$$;
CREATE TRIGGER issue_words
    AFTER INSERT OR DELETE OR UPDATE OF type, message, culprit ON tracker_issue
    FOR EACH ROW EXECUTE FUNCTION tracker_issue_words();
INSERT INTO tracker_issuetext (project_id, issue_id, kind, text)
    SELECT project_id, id, 0, upper(type || E'\n' || message || E'\n' || culprit)
    FROM tracker_issue;

-- The trigram index, where the extension is to be had (trusted: the database's owner may
-- create it). Without it words are found by reading the table. Run it again after
-- installing PostgreSQL's contrib modules: SELECT tracker_index_words();
CREATE FUNCTION tracker_index_words() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    home text;
BEGIN
    BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
    EXCEPTION
        WHEN undefined_file OR feature_not_supported OR insufficient_privilege THEN
            RAISE NOTICE 'pg_trgm is not to be had: %', SQLERRM;
            RETURN false;
    END;
    SELECT quote_ident(n.nspname) INTO home
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_trgm';
    EXECUTE format('CREATE INDEX IF NOT EXISTS issuetext_words ON tracker_issuetext'
                   ' USING gin (text %s.gin_trgm_ops)'
                   -- Searches read what is not merged yet from end to end: keep it short.
                   ' WITH (gin_pending_list_limit = 256)', home);
    RETURN true;
END
$$;
SELECT tracker_index_words();
