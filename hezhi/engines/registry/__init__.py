"""The declaration engine: one declaration gives list, form, detail, import, export, API and map (台账引擎)."""
