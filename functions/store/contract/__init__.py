"""What other tools can rely on when they read the tables: keys, indexes and every attribute, each declared once.

    declare         how a table, an index and an attribute are declared
    merchants … nights      one module a table; `rest` has those that readers are not to read
    catalogue       all tables, in the order of the documents

Nothing that is deployed imports this. The writers stay plain; what they write is held against it in tests, over what a
whole night wrote. ``python -m console.contract`` publishes it under docs/data.
"""
