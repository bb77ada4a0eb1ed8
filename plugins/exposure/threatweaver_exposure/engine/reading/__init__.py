"""Reading hostile files in bounded memory: JSON, XML, tables, and the words scanners use."""
