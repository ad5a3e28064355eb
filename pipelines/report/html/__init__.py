"""HTML report in one file: verdict, figures, tables and glossary."""
