"""The wall and the pages around it; the only importer of dash and plotly."""
