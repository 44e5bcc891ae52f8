-- Entries are only ever added: not even our own code can change or delete one.
CREATE FUNCTION tracker_audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log only grows' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER audit_only_grows
    BEFORE UPDATE OR DELETE ON tracker_auditentry
    FOR EACH ROW EXECUTE FUNCTION tracker_audit_only_grows();
