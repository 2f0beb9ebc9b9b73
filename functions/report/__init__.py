"""The report: one HTML file that a person looks at, made of what a stage stores.

``read`` fetches, ``merchant_view`` and ``fleet_view`` decide what is said, ``chart`` draws, ``page`` writes the file.
"""
