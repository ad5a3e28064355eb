"""What a run found, from its partition files: rankings, tables, text, Excel."""
