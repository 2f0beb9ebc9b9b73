"""The data contract as it is published under docs/data, made from what ``functions.store.contract`` declares.

schema          the JSON Schema of each table's items
compatible      what a change would break for a reader
pages           a page a table, for people
workbench       the model for NoSQL Workbench
publish         all of it as files; `python -m console.contract` writes them
"""
