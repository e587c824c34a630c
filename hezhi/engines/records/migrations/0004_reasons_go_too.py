"""The door into history takes the reasons beside its versions as well, where it is asked to (事由一并清除)."""

from importlib import import_module

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION records_erase(entry jsonb, plan jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  ignored text := coalesce(current_setting('pgtrigger.ignore', true), '');
  step jsonb; history text; kind text; these text; blanks text; changed bigint; total bigint := 0;
BEGIN
  IF entry->>'event' IS DISTINCT FROM 'records.erase' OR entry->>'object_id' IS NULL OR entry->>'deed_id' IS NULL
     OR coalesce(entry->>'reason', '') = '' OR coalesce(entry->>'actor_name', '') = ''
     OR coalesce(length(entry->>'mac'), 0) <> 70 THEN
    RAISE EXCEPTION 'records_erase needs a whole audit row: who, what, why, and its fingerprint';
  END IF;
  INSERT INTO records_auditentry (at, actor_kind, actor_id, actor_name, post_title, unit_id, channel, address,
    request_id, event, object_type, object_id, result, reason, purpose, detail, deed_id, mac)
  SELECT at, actor_kind, actor_id, actor_name, post_title, unit_id, channel, address,
    request_id, event, object_type, object_id, result, reason, purpose, detail, deed_id, mac
  FROM jsonb_populate_record(NULL::records_auditentry, entry);

  FOR step IN SELECT * FROM jsonb_array_elements(plan) LOOP
    FOR history IN SELECT history_table FROM records_historytable WHERE row_table = step->>'table' LOOP
      PERFORM set_config('pgtrigger.ignore', (
        SELECT array_agg(tgname)::text FROM pg_trigger
        WHERE tgrelid = history::regclass AND tgname LIKE 'pgtrigger\\_append\\_only\\_%'), true);
      SELECT data_type INTO STRICT kind FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = history AND column_name = 'pgh_obj_id';
      these := format('pgh_obj_id = ANY(ARRAY(SELECT jsonb_array_elements_text($1))::%s[])', kind);
      IF jsonb_typeof(step->'columns') = 'array' THEN
        SELECT string_agg(format('%I = %L', column_name,
            CASE WHEN is_nullable = 'YES' THEN NULL WHEN data_type = 'jsonb' THEN '{}' ELSE '' END), ', ')
          INTO blanks FROM information_schema.columns
          WHERE table_schema = 'public' AND table_name = history AND column_name NOT LIKE 'pgh\\_%'
            AND column_name IN (SELECT jsonb_array_elements_text(step->'columns'));
        CONTINUE WHEN blanks IS NULL;
        IF coalesce((step->>'reasons')::boolean, false) THEN
          blanks := blanks || ', pgh_context = pgh_context - ''reason''';
        END IF;
        EXECUTE format('UPDATE %I SET %s WHERE %s', history, blanks, these) USING step->'ids';
      ELSE
        EXECUTE format('DELETE FROM %I WHERE %s', history, these) USING step->'ids';
      END IF;
      GET DIAGNOSTICS changed = ROW_COUNT;
      total := total + changed;
    END LOOP;
  END LOOP;
  PERFORM set_config('pgtrigger.ignore', ignored, true);
  RETURN total;
END $$;
"""
BEFORE = import_module("hezhi.engines.records.migrations.0002_erasure").FUNCTION


class Migration(migrations.Migration):
    dependencies = [("records", "0003_care_reading_is_an_alarm")]

    operations = [migrations.RunSQL(FUNCTION, BEFORE)]
